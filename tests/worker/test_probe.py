"""What a shard asks of its calls."""

from pydantic_core import from_json

from shared.plan import Plan, Target, steps
from shared.prompts import InlinePrompts
from shared.settings import Settings
from shared.store.slots import Lease
from shared.upstream import DIALECTS
from shared.upstream.wire_limits import Caps
from worker.attack import Slot
from worker.probe import Probe


def a_probe(max_tokens: int) -> Probe:
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("p",)),
        max_tokens=max_tokens,
    )
    return Probe(
        plan,
        Lease("J", steps(plan)[0], 0, 1, 1, 0, 0, 0, 0),
        settings=Settings(),
        dialect=DIALECTS["openai"],
        key=None,
        worker="w",
        step_start_s=0.0,
    )


def test_an_answer_may_be_as_large_as_the_tokens_that_were_asked_for() -> None:
    # 4 MiB beside 4 KiB for each token
    assert a_probe(512).caps.body_bytes == 4 * 2**20 + 512 * 4096
    assert a_probe(100_000).caps.body_bytes == Caps().body_bytes
    assert a_probe(512).caps.line_bytes == Caps().line_bytes


def test_what_a_plan_adds_is_in_each_request() -> None:
    plan = Plan(
        targets=(Target(model="@cf/a b"),),
        prompts=InlinePrompts(prompts=("p",)),
        extra={"top_p": 0.5},
        extra_headers={"X-Experiment": "blue"},
        max_tokens_field="none",
    )
    probe = Probe(
        plan,
        Lease("J", steps(plan)[0], 0, 1, 1, 0, 0, 0, 0),
        settings=Settings(upstream_stream_options="off"),
        dialect=DIALECTS["openai"],
        key=None,
        worker="w",
        step_start_s=0.0,
    )
    slot = Slot(0.0, 0, 0)
    sent = probe.request(slot, probe.work(0)).head_and_body
    head, _, body = sent.partition(b"\r\n\r\n")
    assert b"\r\nX-Experiment: blue\r\n" in head
    assert from_json(body) == {
        "model": "@cf/a b",
        "messages": [{"role": "user", "content": "p"}],
        "stream": True,
        "top_p": 0.5,
    }
