"""Read at the start of each Python of workers whose reduces are warm.

A process that reduces spends most of its first second on importing pandas. Here it
hands its arguments and its three files over to `tests/warm/server.py` instead, which
has it, and ends as that ends.
"""

import json
import os
import socket
import struct
import sys

if sys.orig_argv[1:3] == ["-m", "worker.ended"]:
    with socket.socket(socket.AF_UNIX) as keeper:
        keeper.connect(os.environ["WARM_PROCESSES"])
        what = [dict(os.environ), os.getcwd(), *sys.orig_argv[2:]]
        asked = json.dumps(what).encode() + b"\n"
        socket.send_fds(keeper, [asked[:1]], [0, 1, 2])
        keeper.sendall(asked[1:])
        os.close(0)  # the end of what is asked of it is for it alone
        os.close(1)
        _number, ended = keeper.recv(4), keeper.recv(4)
    # shared.process.CRASH_CODE, where nobody tells how it died
    os._exit(struct.unpack("i", ended)[0] & 0xFF if ended else 70)
