"""What HTTP itself fixes (RFC 9110), for all that read or write a part of it."""

import re

PORTS = {"http": 80, "https": 443}
"""The port of a URL that names none."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method, or the name of a header."""
