"""Whether a run may be believed, with each reason in words and what to do about it.

`judge` is pure: what the rows tell is in the summary, what only the workers could see
is in Observations. The reasons are in `doubts` and `notes`.
"""

from typing import Literal

from shared.analysis import Summary
from shared.plan import Plan
from shared.verdict.doubts import DOUBTS
from shared.verdict.notes import NOTES
from shared.verdict.observations import Observations
from shared.verdict.records import Evidence, Judged, Verdict
from shared.verdict.usable import unusable, usable


def judge(
    plan: Plan, summary: Summary, observations: Observations | None = None
) -> Judged:
    """The summary of a run with the verdict on it.

    observations: what the workers saw; None: nobody looked.
    """
    evidence = Evidence(plan, summary, observations or Observations())
    return Judged(
        **dict(summary),
        observations=observations,
        verdict=_verdict(evidence),
    )


def _verdict(evidence: Evidence) -> Verdict:
    reasons = tuple(found for rule in DOUBTS if (found := rule(evidence)) is not None)
    notes = tuple(found for rule in NOTES if (found := rule(evidence)) is not None)
    kinds = {reason.kind for reason in reasons}
    kind: Literal["valid", "suspect", "invalid"] = (
        "invalid" if "invalid" in kinds else "suspect" if kinds else "valid"
    )
    gone = unusable(reasons)
    return Verdict(
        kind=kind,
        reasons=reasons,
        notes=notes,
        unusable=gone,
        usable=usable(evidence.summary, gone),
    )
