"""Runs that end at a planned look, over sockets: as soon as it is decided, or never."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from api.comparing.work import comparison_of
from shared import archive
from shared.outputs.resummarize import resummarize
from shared.plan import Plan
from shared.run import Ending, Status
from shared.store.run import runs, states
from tests.children import Simulator, Workers, simulator
from tests.worker.told import reaches, rows_of
from tests.worker.whole import ORCA, SWIFT, submit

N = 30
"""Planned pairs: looks after 15, 23 and 30."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    """With the times to the first token of each model itself."""
    with simulator("--gap-s", "0.002", "--tokens", "6") as running:
        yield running


def a_plan(*targets: dict[str, Any], **until: Any) -> Plan:
    return Plan.model_validate(
        {
            "targets": targets,
            "prompts": {"prompts": [f"What is {n}?" for n in range(N)]},
            "runs": 1,
            "max_tokens": 8,
            "load": {"concurrency": 6, "warmup": 2},
            "until": until,
        }
    )


async def test_targets_that_clearly_differ_are_told_apart_at_the_first_look(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    # 80 and 260 ms to the first token
    plan = a_plan({"model": SWIFT}, {"model": ORCA}, decided=["ttft"])
    job_id = await submit(redis, plan)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.ending, done.closed, done.total) == (Ending.DECIDED, 30, 60)
    asked = {
        (row.prompt, row.target) for row in await rows_of(redis, job_id) if row.step
    }
    assert len(asked) == 30
    assert len({prompt for prompt, _ in asked}) == 15
    result = await runs.result_of(redis, job_id)
    assert result is not None
    until = result["until"]
    assert until["words"] == (
        "At look 1 of 3, after 15 of 30 planned pairs: 1 of 1 questions answered, so"
        " the run ended there."
    )
    assert (until["look"], until["level"], until["scope"]) == (1, 0.001, "minutes")
    (answer,) = until["answers"]
    assert (answer["a"], answer["b"], answer["word"]) == (SWIFT, ORCA, "better")
    assert [step["name"] for step in result["steps"]] == ["warm-up", "look 1"]
    # and GET /compare says the same, as surely
    folder = Path(fleet.env["RESULTS_DIR"])
    result["verdict"]["unusable"] = []  # as on a machine that was not busy
    (folder / job_id / "summary.json").write_text(json.dumps(result))
    found = comparison_of(folder, [job_id], anyway=False)
    (verdict,) = found.verdicts
    ttft = verdict.metrics[0].minutes
    assert ttft is not None
    assert (ttft.word, ttft.sentence) == ("better", answer["sentence"])
    assert "p up to 0.001, and intervals of 99.9 %" in verdict.sentence
    assert any("It ended at look 1 of 3" in note for note in found.notes)
    # summarised again, it ended as it did
    resummarize(folder, job_id)
    assert archive.result_of(folder, job_id)["until"] == until
    assert fleet.stop() == [0]


async def test_targets_that_are_the_same_are_asked_to_the_end(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    fleet.start()
    same = ({"model": SWIFT, "name": "one"}, {"model": SWIFT, "name": "two"})
    plan = a_plan(*same, decided=["tpot"], margin=0.0001)
    job_id = await submit(redis, plan)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.ending, done.closed) == (Ending.COMPLETED, 60)
    finished = await states.finished(redis, job_id)
    assert [(one.step, one.decided) for one in finished] == [
        (n, False) for n in range(4)
    ]
    result = await runs.result_of(redis, job_id)
    assert result is not None
    assert (result["until"]["look"], result["until"]["level"]) == (3, 0.05)
    assert result["total_runs"] == 60
    found = comparison_of(Path(fleet.env["RESULTS_DIR"]), [job_id], anyway=False)
    assert found.verdicts[0].pairs == N
    assert not any("look" in note for note in found.notes)
    fleet.stop()
