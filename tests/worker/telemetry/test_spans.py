"""Calls become spans after the measurement and not in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from shared.tracing import Span, Value
from tests.children import until
from worker.telemetry import spans
from worker.telemetry.spans import CallSpans

PLAN = Plan(
    targets=(Target(model="acme/a"),),
    prompts=InlinePrompts(prompts=("x",)),
)


@dataclass
class Added:
    """A shard's span that notes what is put below it."""

    calls: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        name: str,
        begin_s: float,
        end_s: float,
        attributes: Mapping[str, Value],
        events: Mapping[str, float],
    ) -> None:
        span = {"name": name, "begin_s": begin_s, "end_s": end_s, "events": events}
        self.calls.append({**span, "attributes": attributes})


def a_row(slot: int, outcome: Outcome = Outcome.OK, **more: Any) -> Sample:
    times = {"started_at": 1000.0, "started_s": 5.0, "ended_s": 7.5, **more}
    return Sample(step=0, slot=slot, target=0, prompt=0, outcome=outcome, **times)


async def test_nothing_is_told_while_something_is_measured() -> None:
    shard, measured = Added(), ["a shard"]
    calls = CallSpans(measured)
    keep = calls.row_keeper(cast(Span, shard), PLAN)
    for slot in range(40):
        keep(a_row(slot))
    calls.export()
    await calls.close()
    assert shard.calls == []
    measured.clear()
    calls.export()

    async def told() -> bool:
        return len(shard.calls) == 40

    await until(told, "40 spans")
    await calls.close()
    slots = [call["attributes"]["llmbench.slot"] for call in shard.calls]
    assert slots == list(range(40))


async def test_at_the_end_what_waits_is_told() -> None:
    shard = Added()
    calls = CallSpans([])
    keep = calls.row_keeper(cast(Span, shard), PLAN)
    for slot in range(100):
        keep(a_row(slot))
    calls.export()
    await calls.close()
    assert len(shard.calls) == 100


async def test_a_span_lies_where_its_call_was_on_the_wall_clock() -> None:
    shard = Added()
    calls = CallSpans([])
    keep = calls.row_keeper(cast(Span, shard), PLAN)
    keep(a_row(0, sent_s=5.25, first_token_s=6.0))
    keep(a_row(1, Outcome.CONNECT_ERROR))
    keep(a_row(2, Outcome.DROPPED, started_s=None))  # was no call
    calls.export()
    await calls.close()
    sent, failed = shard.calls
    assert sent["name"] == "chat acme/a"
    assert (sent["begin_s"], sent["end_s"]) == (1000.0, 1002.5)
    assert sent["events"] == {"sent": 1000.25, "first_token": 1001.0}
    assert "error.type" not in sent["attributes"]
    assert failed["events"] == {}
    assert failed["attributes"]["error.type"] == "connect_error"


async def test_what_is_too_much_to_keep_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spans, "MOST_ROWS", 10)
    shard = Added()
    calls = CallSpans([])
    keep = calls.row_keeper(cast(Span, shard), PLAN)
    for slot in range(13):
        keep(a_row(slot))
    calls.export()
    await calls.close()
    assert len(shard.calls) == 10
    assert "3 calls are in no trace" in caplog.text
