"""Places where a test lets the process die; nothing happens unless CRASH_AT names one.

CRASH_AT=reduce:after-csv python -m worker.ended JOB    ends there with code 70
"""

import os

CODE = 70


def point(name: str) -> None:
    """Die here, as by kill -9: nothing is flushed and nothing is tidied up."""
    if os.environ.get("CRASH_AT") == name:
        os._exit(CODE)
