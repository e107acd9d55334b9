"""Read at the start of each Python of a stack whose reduces are warm.

A process that reduces spends most of its first second on importing pandas. Here it
hands its arguments and its three files over to `tests/faults/reduces.py` instead,
which has it, and ends as that ends.
"""

import json
import os
import socket
import sys

if sys.orig_argv[1:3] == ["-m", "worker.ended"]:
    with socket.socket(socket.AF_UNIX) as reduces:
        reduces.connect(os.environ["WARM_REDUCES"])
        asked = json.dumps([dict(os.environ), sys.orig_argv[3:]]).encode() + b"\n"
        socket.send_fds(reduces, [asked[:1]], [0, 1, 2])
        reduces.sendall(asked[1:])
        os.close(0)  # the end of what is asked of it is for it alone
        os.close(1)
        said = reduces.recv(1)
    # shared.crash.CODE, where it died without a word
    os._exit(said[0] if said else 70)
