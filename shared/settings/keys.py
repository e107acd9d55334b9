"""A key in a file of its own: read, and what is wrong with it."""

from pathlib import Path

from shared.errors import Misconfigured
from shared.settings import credentials
from shared.settings.called import Called
from shared.settings.credentials import MOST_KEY_BYTES, Wrong


def read(path: Path, called: Called) -> str | None:
    """The key in the file; None where it is empty.

    Raises Misconfigured for a file that cannot be read, or holds what is no key. The
    sentence does not show what was set: it may be the key itself.
    """
    named = f"The file that {called.key_file} names"
    try:
        with path.open("rb") as file:
            key = file.read(2 * MOST_KEY_BYTES).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        said = f"{named} is no text. It must hold the key alone."
        raise Misconfigured(said) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no path"
        raise Misconfigured(
            f"{named} cannot be read ({why}). Check the path and its permissions; a key"
            f" itself belongs into {called.key}."
        ) from None
    if key:
        check(key, named)
    return key or None


def check(key: str, named: str) -> None:
    """Raise Misconfigured, which says `named`, for a text that cannot be a key."""
    try:
        credentials.check_key(key)
    except Wrong as error:
        raise Misconfigured(f"{named}: {error}") from None
