"""The words: how tokens are counted, and what the models reply."""

from itertools import pairwise

import pytest

from simulator.reply import word
from simulator.reply.words import count_tokens, pieces, prompt_text


def test_tokens_are_words_and_marks() -> None:
    assert count_tokens("") == 0
    # don ' t panic : it ' s 3 . 14 !
    assert count_tokens("Don't panic: it's 3.14!") == 12
    assert count_tokens("snake_case") == 3
    assert count_tokens("Привет, мир") == 3


@pytest.mark.parametrize("tokens", [0, 1, 2, 7, 8, 9, 500])
def test_an_answer_has_as_many_tokens_as_pieces(tokens: int) -> None:
    for prompt in ("", "a prompt, with words", "Ёлки-палки"):
        for closed in (False, True):
            said = pieces("acme/x", prompt, tokens, closed=closed)
            assert len(said) == tokens
            assert count_tokens("".join(said)) == tokens
            assert not any(a in ",." and b in ",." for a, b in pairwise(said))


def test_the_prompt_of_one_message_is_its_text() -> None:
    assert prompt_text([{"role": "user", "content": "hi"}]) == "hi"
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}]
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": parts}]
    assert prompt_text(messages) == "s\na"
    assert prompt_text(["nonsense", {"content": None}]) == ""


@pytest.mark.parametrize(
    ("rubric", "answer", "said"),
    [
        ('Is it "Rome" in "Italy"?', '"rome, italy"', "yes"),
        ('Is it "Rome" in "Italy"?', '"Rome"', "no"),
        ("rome", '"Rome"', "yes"),
        ("rome", "Rome", "The answer cannot be read."),
    ],
)
def test_a_judge_looks_for_what_the_rubric_quotes(
    rubric: str, answer: str, said: str
) -> None:
    asked = f"RUBRIC:\n{rubric}\n\nQUESTION:\n\n<answer a1>\n{answer}\n</answer a1>\n"
    assert word(asked) == said
    assert word("Why?") == "There is nothing to judge here."
