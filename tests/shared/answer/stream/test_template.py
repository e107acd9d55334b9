"""The shortcut says what the parser says, or nothing."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from shared.answer.stream.template import Hole


def event(text: str, *, key: str = "content") -> str:
    return to_json({"id": "gen-1", "choices": [{"delta": {key: text}}]}).decode()


def test_an_event_that_differs_in_its_text_alone_is_read() -> None:
    hole = Hole()
    hole.learn(event("Lis"), "Lis", is_reasoning=False)
    assert hole.text(event("bon. Да")) == "bon. Да"
    assert hole.text(event("")) == ""
    assert not hole.is_reasoning


def test_text_that_stands_in_several_places_is_read_once() -> None:
    def twice(text: str, other: str | None = None) -> str:
        details = [{"type": "reasoning.text", "text": other or text}]
        delta = {"content": "", "reasoning": text, "reasoning_details": details}
        return to_json({"choices": [{"delta": delta}]}).decode()

    hole = Hole()
    hole.learn(twice("Hmm"), "Hmm", is_reasoning=True)
    assert hole.text(twice("so")) == "so"
    assert hole.text(twice("so", "else")) is None
    assert hole.is_reasoning


def test_other_events_are_left_to_the_parser() -> None:
    hole = Hole()
    assert hole.text(event("a")) is None
    hole.learn(event("Lis"), "Lis", is_reasoning=False)
    assert hole.text('{"error":{"code":502}}') is None
    assert hole.text(event("a", key="reasoning")) is None
    assert hole.text(event("a").replace("gen-1", "gen-2")) is None
    assert hole.text(event("a") + " ") is None
    assert hole.text(event('a "quoted" word')) is None
    assert hole.text(event("a\nb")) is None
    assert hole.text(event("a").replace('"a"', '"a\tb"')) is None  # no JSON at all
    assert hole.text(event("a").replace('"a"', '"a\\u0062"')) is None


def test_text_that_looks_like_a_key_is_no_hole() -> None:
    spoof = event('","content":"Lis')
    hole = Hole()
    hole.learn(spoof, "Lis", is_reasoning=False)
    assert hole.text(spoof) is None


@given(learned=st.text(), said=st.text())
def test_what_it_reads_is_what_the_parser_reads(learned: str, said: str) -> None:
    hole = Hole()
    hole.learn(event(learned), learned, is_reasoning=False)
    text = hole.text(event(said))
    assert text is None or text == said
    if text is not None:
        assert from_json(event(said))["choices"][0]["delta"]["content"] == text
