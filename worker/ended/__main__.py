"""`python -m worker.ended [JOB]`: reduce one run, or those that stdin asks for."""

import sys

from worker.ended.reduce import main

if __name__ == "__main__":
    sys.exit(main())
