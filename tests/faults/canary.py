"""The key that every test uses, looked for where it must not be."""

import base64
from collections.abc import Iterator
from contextlib import suppress

import psutil

from tests.children import CANARY


def _forms(secret: bytes) -> Iterator[bytes]:
    """The secret itself, and what every base64 of something with it in it holds."""
    yield secret
    for before in range(3):
        # the letters at the ends mix its bits with those of its neighbours
        whole = base64.b64encode(b"\0" * before + secret)
        sure = whole[(0, 2, 3)[before] : -4]
        yield sure
        yield sure.translate(bytes.maketrans(b"+/", b"-_"))


_SECRETS = tuple(_forms(CANARY.encode()))


def assert_no_secret(data: bytes | bytearray, where: str) -> None:
    """Neither our key nor its base64 is in there."""
    for secret in _SECRETS:
        assert secret not in data, f"our key is in {where}"


def assert_no_secret_in_command_lines() -> None:
    """Nobody on this machine can read our key in a list of processes."""
    children = psutil.Process().children(recursive=True)
    assert children, "nothing runs whose command line could be looked at"
    for process in children:
        with suppress(psutil.Error):
            assert_no_secret(" ".join(process.cmdline()).encode(), "a command line")
