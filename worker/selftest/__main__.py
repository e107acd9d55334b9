"""`python -m worker.selftest`: measured minus true on this machine, as JSON."""

import sys

from worker.selftest.run import main

if __name__ == "__main__":
    sys.exit(main())
