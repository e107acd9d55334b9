"""responses.jsonl: one object per line, whatever the text holds."""

import json

from hypothesis import given
from hypothesis import strategies as st

from shared.outputs.jsonl import KeptAnswer, write_responses
from shared.plan import Plan, Target, work
from shared.plan.prompts import InlinePrompts, Message, Prompt
from shared.sample import Outcome

TALK = Prompt(messages=(Message(role="user", content="Hi"),), id="greeting")
PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal", provider="acme")),
    prompts=InlinePrompts(prompts=("Why?", TALK)),
)


def lines(*answers: KeptAnswer) -> list[dict[str, object]]:
    data = b"".join(write_responses(PLAN, answers)).decode()
    # Not by LF alone: some readers split at all of these.
    return [json.loads(line) for line in data.splitlines()]


def test_a_line_says_what_was_asked_and_what_came() -> None:
    slot = next(
        index
        for index in range(4)
        if (work(PLAN, 0, index).target, work(PLAN, 0, index).prompt) == (1, 0)
    )
    (line,) = lines(
        KeptAnswer(
            step=0,
            slot=slot + 4,
            attempt=1,
            outcome=Outcome.OK,
            text="Because.",
            reasoning="Hm.",
            cut=True,
            token_events_s=[0.2, 0.25],
        )
    )
    found = work(PLAN, 0, slot + 4)
    target, prompt = PLAN.targets[found.target], PLAN.prompts.prompt(found.prompt)
    assert line == {
        "step": 0,
        "slot": slot + 4,
        "attempt": 1,
        "target": target.label(),
        "model": target.model,
        "prompt_index": found.prompt,
        "prompt_id": prompt.id,
        "prompt_sha256": prompt.sha256(),
        "repetition": 1,
        "outcome": "ok",
        "prompt": prompt.prompt,
        "messages": prompt.messages and [{"role": "user", "content": "Hi"}],
        "text": "Because.",
        "reasoning": "Hm.",
        "cut": True,
        "token_events_s": [0.2, 0.25],
    }


def test_both_kinds_of_prompt_stand_beside_their_answer() -> None:
    each = [
        KeptAnswer(step=0, slot=slot, outcome=Outcome.OK, text=str(slot))
        for slot in range(4)
    ]
    asked = {(line["prompt_id"], line["prompt"]) for line in lines(*each)}
    assert asked == {(None, "Why?"), ("greeting", None)}


def test_answers_keep_their_order() -> None:
    each = [
        KeptAnswer(step=0, slot=slot, outcome=Outcome.EMPTY, text="")
        for slot in (3, 0, 2)
    ]
    assert [line["slot"] for line in lines(*each)] == [3, 0, 2]


@given(st.text(st.sampled_from('\n\r\x0b\x0c\x1c\x85\u2028\u2029"\\ aЖ')))
def test_an_answer_is_one_line_for_every_reader(text: str) -> None:
    (line,) = lines(KeptAnswer(step=0, slot=0, outcome=Outcome.OK, text=text))
    assert line["text"] == text
