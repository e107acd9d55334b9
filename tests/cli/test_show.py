"""What is shown on the terminal, where it could mislead or do harm."""

import json

import pytest

from cli import show


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "-"), (0.0, "0.0"), (1.23456, "1,234.6")]
)
def test_unknown_is_a_dash_and_zero_is_zero(seconds: float | None, shown: str) -> None:
    assert show.ms(seconds) == shown


def test_nothing_of_a_stranger_moves_the_cursor() -> None:
    assert show.text("a\x1b[2Jb\rc\u202ed") == "a?[2Jb?c?d"


def test_words_of_several_lines_keep_them_and_move_no_cursor_either() -> None:
    assert show.lines("a\x1b[2J\n\tb\r\x9bc") == "a?[2J\n\tb??c"


def test_json_says_the_same_and_moves_no_cursor() -> None:
    said = {"a": "Почему\x9b2J\u202e\x7f\x1b", "b": ["\U000e0001", "😀"]}
    shown = show.as_json(said)
    assert json.loads(shown) == said
    assert show.lines(shown) == shown
    assert "Почему" in shown
    assert "😀" in shown


def test_a_stranger_s_brackets_are_not_markup() -> None:
    table = show.table("model")
    table.add_row("[red]x[/red]")
    with show.console.capture() as shown:
        show.console.print(table)
    assert "[red]x[/red]" in shown.get()


def test_without_a_result_there_is_no_verdict() -> None:
    assert show.verdict({"result": None}).startswith("No verdict")


def test_a_doubt_is_shown_with_its_remedy() -> None:
    doubt = {"kind": "invalid", "words": "Late.", "remedy": "Be early."}
    judged = {"kind": "invalid", "reasons": [doubt], "notes": []}
    assert show.verdict({"result": {"verdict": judged}}) == (
        "Verdict: invalid\n  invalid: Late. Be early."
    )


def judged(kind: str, **more: object) -> dict[str, object]:
    return {"kind": kind, "reasons": [], "notes": [], **more}


def test_figures_that_cannot_be_used_are_shown_beside_those_that_can() -> None:
    verdict = judged("suspect", unusable=["gap", "ttft.p99"], usable=["latency"])
    assert show.verdict({"result": {"verdict": verdict}}) == (
        "Verdict: suspect\n"
        "  Figures that cannot be used: gap, ttft.p99\n"
        "  Figures that can be used: latency"
    )
    valid = judged("valid", unusable=[], usable=["latency"])
    assert show.verdict({"result": {"verdict": valid}}) == "Verdict: valid"


def test_a_stranger_s_sentence_in_a_reason_moves_no_cursor() -> None:
    doubt = {"kind": "invalid", "words": "It said \x1b[2J\n!", "remedy": "Look."}
    shown = show.verdict({"result": {"verdict": judged("invalid", reasons=[doubt])}})
    assert shown == "Verdict: invalid\n  invalid: It said ?[2J?! Look."
