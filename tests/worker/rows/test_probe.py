"""What a shard asks of its calls."""

from typing import cast

import pytest
from pydantic import SecretStr
from pydantic_core import from_json
from redis.asyncio import Redis

from shared.analysis.columns import columns_of
from shared.analysis.metrics import tpot_s
from shared.money import billed_nano
from shared.plan import Plan, Target, Work, steps
from shared.plan.prompts import InlinePrompts
from shared.sample import decode, encode
from shared.settings.settings import Settings
from shared.store.run.leases import Lease
from shared.wire.limits import Caps
from tests.shared.analysis.gaps_of_row import gap_n, gap_p99_s
from tests.shared.answer.answers import DONE, chunk, exchange, sse, text
from tests.worker.asked import alone
from worker.assignment import Assignment
from worker.rows.probe import Attempt, Probe
from worker.slot import Slot
from worker.storeclock import StoreClock
from worker.wordings import Wordings


def a_probe(max_tokens: int, dialect: str = "openai") -> Probe:
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("p",)),
        max_tokens=max_tokens,
    )
    return the_probe(plan, Settings(), dialect)


def the_probe(plan: Plan, settings: Settings, dialect: str) -> Probe:
    lease = Lease("J", steps(plan)[0], 0, 1, 1, 0, 0, 0, 0)
    clock = StoreClock(0.0, 0.0)
    kind = {"upstream_kind": dialect, "openrouter_api_key": SecretStr("sk-or-x")}
    settings = settings.model_copy(update=kind)
    means = (cast(Redis, None), plan, lease, settings, clock)
    words = Wordings(plan, {"default": settings}, {"default": {}}, bounded=False)
    return Probe(Assignment(*means, alone(settings)), wordings=words, worker="w")


def test_an_answer_may_be_as_large_as_the_tokens_that_were_asked_for() -> None:
    # 4 MiB beside 4 KiB for each token
    assert a_probe(512).caps.body_bytes == 4 * 2**20 + 512 * 4096
    assert a_probe(100_000).caps.body_bytes == Caps().body_bytes
    assert a_probe(512).caps.line_bytes == Caps().line_bytes


def a_call() -> Attempt:
    slot = Slot(0.0, 0, 0)
    return Attempt(slot, Work(0, 0, 0), started_s=0.0, started_at=0.0)


def test_a_burst_has_no_gaps_and_its_row_says_why() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 300, "total_tokens": 301}
    told = sse(chunk({}, "stop", usage=usage)) + DONE
    probe = a_probe(512)
    for pieces, gaps in (
        ([text(*"abc" * 100), told], None),
        ([text("a"), text("b"), text("c"), told], 2),
    ):
        came = exchange(pieces)
        row = probe.read(a_call(), came).sample
        assert (row.output_tokens, row.ok) == (300, True)
        assert (gap_n(row), gap_p99_s(row) is None) == (gaps, gaps is None)
        assert (row.gap_max_s is None, tpot_s(row) is None) == (gaps is None,) * 2
        assert row.notes == (None if gaps else "one_burst")
        assert decode(encode(row)) == row


@pytest.mark.parametrize("cost", [1e300, 1e20, -1, "dear"])
def test_an_absurd_cost_is_a_row_whose_bill_is_unknown(cost: object) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    told = sse(chunk({}, "stop", usage=usage | {"cost": cost})) + DONE
    probe, came = a_probe(512, "openrouter"), exchange([text("a"), told])
    row = probe.read(a_call(), came).sample
    assert (row.ok, row.cost_usd, row.notes) == (True, None, "cost_not_believed")
    assert billed_nano(row) is None  # a budget counts it at its worst
    assert columns_of(probe.plan, [row]).table["notes"].tolist() == [
        "cost_not_believed"
    ]


def test_what_a_plan_adds_is_in_each_request() -> None:
    plan = Plan(
        targets=(Target(model="@cf/a b"),),
        prompts=InlinePrompts(prompts=("p",)),
        extra={"top_p": 0.5},
        extra_headers={"X-Experiment": "blue"},
        max_tokens_field="none",
    )
    probe = the_probe(plan, Settings(upstream_stream_options="off"), "openai")
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


def test_each_target_is_asked_with_its_own_options() -> None:
    routing = {"sort": "price"}
    own = {"max_tokens": 9, "temperature": 0, "routing": routing, "extra": {"top_p": 1}}
    plan = Plan.model_validate(
        {
            "targets": [{"model": "a"}, {"model": "a", "name": "own", **own}],
            "prompts": {"prompts": ["p"]},
            "temperature": 1,
            "extra": {"top_p": 0.5, "top_k": 3},
        }
    )
    probe, slot = the_probe(plan, Settings(), "openrouter"), Slot(0.0, 0, 0)
    sent = [probe.request(slot, Work(target, 0, 0)) for target in (0, 1)]
    plain, mine = (from_json(each.head_and_body.split(b"\r\n\r\n")[1]) for each in sent)
    names = ("max_tokens", "temperature", "provider", "top_p", "top_k")
    assert [plain.get(name) for name in names] == [512, 1, None, 0.5, 3]
    assert [mine.get(name) for name in names] == [9, 0, routing, 1, 3]


def test_a_target_has_a_unique_line_before_its_prompts_or_not() -> None:
    plan = Plan(
        targets=(
            Target(model="a/b", name="cold", unique_prefix=True),
            Target(model="a/b", name="warm"),
        ),
        prompts=InlinePrompts(prompts=("p",)),
    )
    probe = the_probe(plan, Settings(), "openai")
    sent = [
        probe.request(Slot(0.0, number, 0), Work(target, 0, 0)).head_and_body
        for number, target in enumerate((0, 0, 1, 1))
    ]
    assert sent[0] != sent[1]
    assert sent[2] == sent[3]
    assert [b'"content":"p"' in each for each in sent] == [False, False, True, True]
