"""With which code a command ends, by what went wrong."""

import pytest
import typer
from typer.testing import CliRunner

from cli import exits
from cli.client import Away, Refused
from cli.commands.machine import doctor
from cli.main import app
from cli.stack import NoStack
from cli.terminal import attempt, exit_code, note, say
from shared.errors import BadPlan, BenchError, InUse, Misconfigured, NotReady
from shared.settings.check import Check


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadPlan("runs"), exits.USAGE),
        (Misconfigured("PORT"), exits.USAGE),
        (NoStack("none"), exits.UNREACHABLE),
        (NotReady("worker 1"), exits.UNREACHABLE),
        (InUse("a port"), exits.UNREACHABLE),
        (Away("no API"), exits.UNREACHABLE),
        (Refused("gone", "no-such-run", 404), exits.USAGE),
        (Refused("no key", "missing-key", 503), exits.USAGE),
        (Refused("a wrong key", "upstream-bad-key", 502), exits.USAGE),
        (Refused("no such model", "upstream-no-model", 404), exits.USAGE),
        (Refused("down", "upstream-unreachable", 502), exits.UNREACHABLE),
        (Refused("limited", "upstream-rate-limited", 429), exits.UNREACHABLE),
        (Refused("a bug", "internal", 500), exits.UNREACHABLE),
    ],
)
def test_each_error_has_its_code(error: BenchError, code: int) -> None:
    assert exit_code(error) == code


def test_an_error_is_its_sentence_and_an_interrupt_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def wrong() -> None:
        raise BadPlan("runs: give 1 or more")

    async def interrupted() -> None:
        raise KeyboardInterrupt

    for work, code in ((wrong, exits.USAGE), (interrupted, exits.INTERRUPTED)):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - it is typer's own
            attempt(work())
        assert getattr(caught.value, "exit_code", None) == code
    assert capsys.readouterr().err == "runs: give 1 or more\n"


def test_a_stranger_s_words_move_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    async def refused() -> None:
        raise Refused("line 1\nline 2 \x1b[2J", status=404)

    with pytest.raises(typer.Exit):
        attempt(refused())
    note("\x1b]0;a title")
    say("\x9b2J")
    assert capsys.readouterr() == ("?2J\n", "line 1\nline 2 ?[2J\n?]0;a title\n")


def test_the_doctor_s_lines_move_no_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The label of a key is the upstream's word."""

    async def away(*_: object) -> list[Check]:
        return [Check("key", "ok", "\x1b[2J is accepted.")]

    monkeypatch.setattr(doctor, "_away", away)
    assert "ok   key: ?[2J is accepted.\n" in CliRunner().invoke(app, ["doctor"]).output
