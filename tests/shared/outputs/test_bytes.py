"""The files of one fixed run, byte for byte: they change with intent alone."""

import json
import re
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from shared.analysis.columns import columns_of
from shared.analysis.gaps import gap_histogram
from shared.analysis.summarize import summarize
from shared.outputs import write_csv, write_json
from shared.plan import Plan, Target
from shared.plan.loads import Constant
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import Retries
from shared.plan.slo import Slo
from shared.run import Ending
from shared.sample import Note, Outcome, Sample
from shared.verdict import Observations, judge

PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal", provider="acme")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
    load=Constant(rate_per_s=16, warmup=5),
    slo=Slo(ttft_s=0.2, tpot_s=0.05),
    retries=Retries(max=1),
)
SEEN = Observations(loop_lag_p99_s=0.03, versions=("1.0", "1.1"), gap_s=1.5)
BAD = (Outcome.DROPPED, Outcome.RATE_LIMITED, Outcome.TIMEOUT_TOTAL, Outcome.TRUNCATED)


def rows() -> list[Sample]:
    """Calls of every kind, 200 slots, some with a retry; the same ones each time."""
    rng, made = Random(7), []
    for slot in range(200):
        retried = rng.random() < 0.1
        if retried:
            made.append(_row(rng, slot, 0, Outcome.UPSTREAM_ERROR, kind="retry"))
        outcome = rng.choice(BAD) if rng.random() < 0.2 else Outcome.OK
        kind = "ok" if outcome is Outcome.OK else "failed"
        made.append(_row(rng, slot, int(retried), outcome, kind=kind))
    rng.shuffle(made)
    return made


def _row(rng: Random, slot: int, attempt: int, outcome: Outcome, kind: str) -> Sample:
    due_s = slot / 16 + attempt
    known: dict[str, Any] = {"due_s": due_s, "outcome": outcome, "kind": kind}
    if outcome is not Outcome.DROPPED:
        sent_s = due_s + rng.randrange(30) / 1000
        known |= {"started_s": sent_s, "sent_s": sent_s, "ended_s": sent_s + 1.25}
        known |= {"started_at": 1_700_000_000 + sent_s, "upstream": "http://u/v1"}
        known |= {"cost_usd": rng.randrange(100) / 1e6, "worker": f"w{slot % 3}"}
        known |= {"reused": rng.random() < 0.5, "connect_s": rng.choice((None, 0.03))}
        known |= {"provider": rng.choice((None, "Acme", "=Other"))}
    if outcome is Outcome.OK:
        stamps = [sent_s + 0.1 + rng.randrange(900) / 1000 for _ in range(8)]
        stamps.sort()
        gaps, sum_s, max_s = gap_histogram(stamps)
        known |= {"gaps": gaps, "gap_sum_s": sum_s, "gap_max_s": max_s}
        known |= {"first_token_s": stamps[0], "first_visible_s": stamps[1]}
        known |= {"last_token_s": stamps[-1], "output_tokens": rng.choice((None, 1, 9))}
        known |= {"total_tokens": rng.choice((None, 20)), "tokens_from": "usage"}
        known |= {"end_slack_s": rng.choice((None, 0.5)), "gap_doubtful_n": 1}
        known |= {"notes": rng.choice((None, Note.ONE_BURST, Note.TOKENS_SUMMED))}
    else:
        known["error"] = "-it broke; so it did"
    return Sample(
        step=int(slot >= 20),
        slot=slot,
        attempt=attempt,
        retry=attempt,
        target=slot % 2,
        prompt=slot // 2 % 2,
        **known,
    )


@pytest.mark.usefixtures("fixed_columns")
def test_the_files_of_a_fixed_run_are_what_they_were() -> None:
    table = columns_of(PLAN, rows())
    ended = "The budget is spent."
    made = summarize(PLAN, table, ending=Ending.BUDGET, cause=ended)
    summary = judge(PLAN, made, SEEN)
    assert _digest(b"".join(write_csv(PLAN, table))) == "5cab6c2fcd3cc13d"
    # a standard deviation's last digits are the processor's own
    rounded = re.sub(rb'("(?:sd|std_dev)": \d+\.\d{9})\d*', rb"\1", write_json(summary))
    assert _digest(rounded) == "1552fda22111476c"
    # the order of its keys is that of the API
    assert (
        _digest(json.dumps(_keys(summary.model_dump())).encode()) == "f93827cb9acaee25"
    )


def _digest(written: bytes) -> str:
    return sha256(written).hexdigest()[:16]


def _keys(value: object) -> object:
    if isinstance(value, dict):
        return [[key, _keys(inner)] for key, inner in value.items()]
    return [_keys(inner) for inner in value] if isinstance(value, tuple) else None
