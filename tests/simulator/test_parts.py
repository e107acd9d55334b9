"""The pure parts: numbers as JSON, words, times; and the pacer's one promise."""

import asyncio
import json
import random
import sys
from decimal import Decimal
from itertools import pairwise
from time import monotonic

import pytest

from simulator import bodies
from simulator.answers import count_tokens, pieces, prompt_text
from simulator.timing import Pace, Pacer, schedule

# A kernel timer where there is one, the loop's own timers elsewhere.
both_timers = pytest.mark.parametrize(
    "kernel_timer", [False, True] if sys.platform == "linux" else [False]
)


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (Decimal("0"), b"0"),
        (Decimal("0.0000000000001"), b"0.0000000000001"),
        (Decimal("100"), b"100"),
        (Decimal("0.1") + Decimal("0.2"), b"0.3"),
        (bodies.Scientific("0.000014"), b"1.4e-05"),
    ],
)
def test_a_decimal_is_a_number_with_all_its_digits(
    number: Decimal, printed: bytes
) -> None:
    assert bodies.encode(number) == printed
    assert bodies.encode({"a": [number]}) == b'{"a":[' + printed + b"]}"


def test_a_chunk_built_around_its_text_equals_one_that_was_encoded_whole() -> None:
    head = bodies.Head("gen-1", 1, "acme/x")
    for text in ('"', "\n", "\u2028", "é", "\0", "</script>"):
        around = bodies.chunk_around(head, {"content": bodies.PIECE})
        whole = bodies.event(bodies.chunk(head, {"content": text}))
        assert bodies.quoted(text).join(around) == whole


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


def test_times_never_decrease_and_spread_has_the_asked_median() -> None:
    pace = Pace(ttft_s=0.2, gap_s=0.01, tokens=50, spread=0.4)
    firsts = []
    for seed in range(401):
        times = schedule(pace, 50, random.Random(seed))
        assert len(times) == 50
        assert all(a <= b for a, b in pairwise(times))
        firsts.append(times[0])
    assert sorted(firsts)[200] == pytest.approx(0.2, rel=0.1)
    assert len(schedule(pace, 0, random.Random(1))) == 1


@both_timers
async def test_nobody_is_woken_before_the_time(kernel_timer: bool) -> None:
    pacer = Pacer(kernel_timer=kernel_timer)
    start_s = monotonic()
    dues = [start_s + 0.0003 * i for i in range(200)]
    random.Random(1).shuffle(dues)

    async def early_by(due_s: float) -> float:
        await pacer.until(due_s)
        return due_s - monotonic()

    try:
        assert max(await asyncio.gather(*map(early_by, dues))) <= 0
    finally:
        pacer.close()


@both_timers
async def test_a_wait_that_was_given_up_does_not_hold_up_the_others(
    kernel_timer: bool,
) -> None:
    pacer = Pacer(kernel_timer=kernel_timer)
    soon_s = monotonic() + 0.02
    given_up = asyncio.create_task(pacer.until(soon_s))
    waiting = asyncio.create_task(pacer.until(soon_s + 0.01))
    await asyncio.sleep(0)
    given_up.cancel()
    try:
        await asyncio.wait_for(waiting, 5)
    finally:
        pacer.close()


def test_bodies_are_json_that_any_parser_reads() -> None:
    head = bodies.Head("gen-1", 1, "acme/x")
    usage = bodies.usage(3, 4, cost_usd=Decimal("0.00002"))
    whole = json.loads(bodies.encode(bodies.completion(head, content="é", usage=usage)))
    assert whole["usage"]["cost"] == 2e-05
    assert whole["choices"][0]["message"]["content"] == "é"
