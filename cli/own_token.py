"""The token that the terminal sends: of LLMBENCH_TOKEN, or of a file of one's own."""

from os import environ
from pathlib import Path

from shared.access import parted
from shared.errors import Misconfigured

NAME = "LLMBENCH_TOKEN"
FILES = (Path(".llmbench/token"), Path("~/.config/llmbench/token"))
"""Of the folder, then of the user; looked for in this order."""

_MOST_BYTES = 4096


def own_token() -> str | None:
    """None where there is none, as for a server that is open.

    Raises Misconfigured for a text that is no token; it is not shown, since it may be
    another secret.
    """
    said, where = environ.get(NAME, "").strip(), NAME
    for file in () if said else FILES:
        path = file.expanduser()
        try:
            with path.open("rb") as opened:
                said = opened.read(_MOST_BYTES).decode("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError, RuntimeError):
            continue
        where = str(path)
        break
    if not said:
        return None
    if parted(said) is None:
        raise Misconfigured(
            f"{where} holds no token: one is llmb_, an id, a point and a secret, as"
            " `llmbench token create` shows it once."
        )
    return said


def bearer() -> dict[str, str]:
    """The header with which it is sent; none without one. Raises Misconfigured."""
    token = own_token()
    return {"Authorization": f"Bearer {token}"} if token else {}
