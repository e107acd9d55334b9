"""What a shard asks of its calls."""

from shared.plan import Plan, Target, steps
from shared.prompts import InlinePrompts
from shared.settings import Settings
from shared.store.slots import Lease
from shared.upstream import DIALECTS
from shared.upstream.wire_limits import Caps
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
