"""Pass rates, and what did not come whole, in the terminal's tables and in Markdown."""

from typing import Any

from cli.report.markdown import as_markdown
from cli.report.sentences import UNWHOLE
from shared.analysis import Integrity
from tests.cli.fixed import done
from tests.cli.report.test_screen import shown

NONE = {"n": 0, "of": 100, "share": 0.0, "low": 0.0, "high": 0.0295, "usd": 0.0}
SOME = {"n": 3, "of": 100, "share": 0.03, "low": 0.01, "high": 0.085, "usd": 0.02}
CLEAN: dict[str, Any] = {**dict.fromkeys(Integrity.NAMES, NONE), "stall_s": 3}


def job(integrity: dict[str, Any], **of_first: Any) -> dict[str, Any]:
    """One whose first target has this, and whose others are clean."""
    made = done()
    for number, target in enumerate(made["result"]["targets"]):
        target["integrity"] = CLEAN if number else integrity
        target |= of_first
    return made


def test_what_did_not_come_whole_is_a_table_with_intervals_and_costs() -> None:
    text = shown(job(CLEAN | {"truncated": SOME, "no_done": SOME}), 200)
    table = text[text.index(UNWHOLE) :]
    assert "truncated" in table
    assert "empty" not in table.split("Why calls failed")[0]
    assert "3/100" in table
    assert "1.0 % to 8.5 %, $0.02" in table
    name = done()["result"]["targets"][0]["target"]
    assert f"| {name} | 3/100<br>1.0 % to 8.5 %, $0.02 |" in as_markdown(
        job(CLEAN | {"truncated": SOME}), ()
    )


def test_providers_have_rows_of_their_own_where_there_are_several() -> None:
    made = job(CLEAN | {"stalled": SOME})
    first = made["result"]["targets"][0]
    first["providers"] = [
        {**first, "provider": "Harbor", "integrity": CLEAN | {"stalled": SOME}},
        {**first, "provider": None, "integrity": CLEAN},
    ]
    text = shown(made, 200)
    assert f"{first['target']} at Harbor" in text
    assert "an unnamed one" not in text


def test_where_all_came_whole_nothing_is_said() -> None:
    assert UNWHOLE not in shown(job(CLEAN), 200)
    assert UNWHOLE not in shown(done(), 200), "a result of an earlier build"


def test_the_pass_rate_stands_beside_success() -> None:
    rate = {"share": 0.9, "low": 0.85, "high": 0.94, "checked": 100}
    text = shown(job(CLEAN, pass_rate=rate), 200)
    assert "passed" in text
    assert "85.0 % to 94.0 %" in text
    assert "passed" not in shown(job(CLEAN), 200).replace("passed:", "")
