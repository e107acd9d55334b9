"""`python -m worker`: one worker process. `--check` asks whether this host has one."""

import sys

from worker.main import check, main

if __name__ == "__main__":
    sys.exit(check() if "--check" in sys.argv[1:] else main())
