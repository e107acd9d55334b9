"""One trace, from POST to the upstream, over real processes and an OTLP collector."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.sample import Outcome
from tests.children import CANARY, Simulator, simulator, until
from tests.collector import Told
from tests.traced import BUSY, PROMPT, SWIFT, Stack, a_caller, a_stack


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    pace = ("--ttft-s", "0.05", "--gap-s", "0.005", "--tokens", "8")
    with simulator(*pace, "--list-faults") as running:
        yield running


@pytest.fixture(scope="module")
def stack(
    upstream: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One in which everybody traces."""
    folder = tmp_path_factory.mktemp("traced")
    with a_stack(upstream, folder, api=True, worker=True) as running:
        yield running


@dataclass(frozen=True)
class Asked:
    """A benchmark of three calls that succeed and three that fail, and who asked."""

    trace: str
    span: str
    job_id: str


@pytest.fixture(scope="module")
def asked(stack: Stack) -> Asked:
    trace, span, traceparent = a_caller()
    return Asked(trace, span, stack.benchmark(traceparent, SWIFT, BUSY))


async def test_one_trace_goes_from_the_post_to_the_upstream(
    stack: Stack, asked: Asked
) -> None:
    trace = asked.trace
    [post] = await stack.spans(trace, "POST /benchmark", 1)
    [shard] = await stack.spans(trace, "shard", 1)
    calls = await stack.spans(trace, "chat ", 6)
    assert (post.parent, post.service) == (asked.span, "llmbench-api")
    assert (shard.parent, shard.service) == (post.id, "llmbench-worker")
    assert shard.attributes["llmbench.job_id"] == asked.job_id
    assert {call.parent for call in calls} == {shard.id}
    assert stack.sent(trace) == [shard.traceparent] * 6


async def test_the_span_of_a_call_says_what_its_row_says(
    stack: Stack, asked: Asked
) -> None:
    models = (SWIFT, BUSY)
    told = {
        (
            call.attributes["gen_ai.request.model"],
            call.attributes["llmbench.slot"],
        ): call
        for call in await stack.spans(asked.trace, "chat ", 6)
    }
    rows = stack.rows(asked.job_id)
    assert len(told) == len(rows) == 6
    for row in rows:
        call = told[models[row.target], row.slot]
        assert row.started_at is not None
        assert row.started_s is not None
        assert row.ended_s is not None
        took_s = row.ended_s - row.started_s
        assert call.begin_s == pytest.approx(row.started_at, abs=1e-6)
        assert call.end_s - call.begin_s == pytest.approx(took_s, abs=1e-6)
        assert call.failed == (not row.ok)
        assert call.attributes["http.response.status_code"] == row.status
        if row.ok:
            assert row.first_token_s is not None
            first_s = call.events["first_token"] - call.begin_s
            assert first_s == pytest.approx(row.first_token_s - row.started_s, abs=1e-6)
            assert call.attributes["gen_ai.usage.output_tokens"] == row.output_tokens
            assert "error.type" not in call.attributes
        else:
            assert call.attributes["error.type"] == Outcome.RATE_LIMITED
            assert "first_token" not in call.events


async def test_a_post_without_a_trace_begins_one(stack: Stack) -> None:
    job_id = stack.benchmark(None)

    async def told() -> bool:
        return any(s.attributes["llmbench.job_id"] == job_id for s in shards())

    def shards() -> list[Told]:
        return stack.collector.named("shard")

    await until(told, "the shard's span")
    [shard] = [s for s in shards() if s.attributes["llmbench.job_id"] == job_id]
    [post] = await stack.spans(shard.trace, "POST /benchmark", 1)
    assert (post.parent, shard.parent) == ("", post.id)
    assert len(stack.sent(shard.trace)) == 3


async def test_a_rerun_is_in_the_trace_of_its_own_post(stack: Stack) -> None:
    job_id = stack.benchmark(a_caller()[2])
    trace, _, traceparent = a_caller()
    again = stack.post(f"/benchmark/{job_id}/rerun", traceparent)["job_id"]
    [shard] = await stack.spans(trace, "shard", 1)
    assert shard.attributes["llmbench.job_id"] == again
    assert len(stack.sent(trace)) == 3


async def test_generate_hands_its_trace_on(stack: Stack) -> None:
    trace, span, traceparent = a_caller()
    stack.post("/generate", traceparent, prompt=PROMPT, model=SWIFT)
    [asked] = await stack.spans(trace, "POST /generate", 1)
    assert asked.parent == span
    assert stack.sent(trace) == [asked.traceparent]


async def test_who_is_not_sampled_is_not_told_of_and_upstream_hears_that(
    stack: Stack,
) -> None:
    trace, _, traceparent = a_caller(flags="00")
    stack.benchmark(traceparent)
    sent = stack.sent(trace)
    assert len(sent) == 3
    assert {said.rpartition("-")[2] for said in sent} == {"00"}
    later, _, traceparent = a_caller()
    stack.benchmark(traceparent)
    await stack.spans(later, "chat ", 3)
    assert [s for s in stack.collector.spans if s.trace == trace] == []


async def test_no_span_holds_a_prompt_an_answer_or_a_key(
    stack: Stack, asked: Asked
) -> None:
    await stack.spans(asked.trace, "chat ", 6)
    trace, _, traceparent = a_caller()
    said = stack.post("/generate", traceparent, prompt=PROMPT, model=SWIFT)["response"]
    await stack.spans(trace, "POST /generate", 1)
    told = str(stack.collector.spans)
    assert PROMPT not in told
    assert said not in told
    assert CANARY not in told


async def test_probes_are_no_traces(stack: Stack) -> None:
    for path in ("/health", "/health/ready", "/metrics"):
        trace, _, traceparent = a_caller()
        stack.http.get(path, headers={"traceparent": traceparent})
    after, _, traceparent = a_caller()
    stack.http.get("/benchmark", headers={"traceparent": traceparent})
    await stack.spans(after, "GET /benchmark", 1)
    assert [s for s in stack.collector.spans if s.trace == trace] == []


async def test_a_worker_that_traces_goes_on_where_the_api_does_not(
    upstream: Simulator, tmp_path: Path
) -> None:
    with a_stack(upstream, tmp_path, api=False, worker=True) as stack:
        trace, span, traceparent = a_caller()
        stack.benchmark(traceparent)
        [shard] = await stack.spans(trace, "shard", 1)
        assert shard.parent == span
        assert stack.sent(trace) == [shard.traceparent] * 3


async def test_who_does_not_trace_sends_nothing_to_anybody(
    upstream: Simulator, tmp_path: Path
) -> None:
    with a_stack(upstream, tmp_path, api=False, worker=False) as stack:
        before = len(upstream.ledger())
        *_, traceparent = a_caller()
        stack.benchmark(traceparent)
        stack.post("/generate", traceparent, prompt=PROMPT, model=SWIFT)
        calls = upstream.ledger()[before:]
        assert [call["traceparent"] for call in calls] == [None] * 4
    assert stack.collector.spans == []
