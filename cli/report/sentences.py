"""What is said of a benchmark in words: the verdict, how it ended, why calls failed."""

from collections.abc import Iterator
from typing import Any

from cli.report.judge import GateOutcome, Job
from cli.report.words import clock, share, usd
from cli.show import text
from shared.verdict import in_short as figures_in_short

UNWHOLE = "Answers that did not come whole, or not as a stream"
_PAUSE_S = 1.0
"""The clock and the work may differ by so much without a word: rounding does that."""


def verdict(job: Job) -> Iterator[tuple[str, str]]:
    """Lines of the verdict, each with its kind: valid, suspect, invalid, note, figures.

    The first one says what it is, of how many calls, in what time, for how much."""
    result = job["result"]
    judged: dict[str, Any] = (result or {}).get("verdict") or {}
    if not result or not judged:
        yield "suspect", "No verdict: the benchmark has no result."
        return
    kind = judged["kind"]
    yield kind, f"Verdict: {kind}. {counts(job)}"
    for found in (*judged["reasons"], *judged["notes"]):
        # the words may hold a sentence of the upstream
        said = text(f"{found['words']} {found['remedy']}").rstrip()
        yield found["kind"], f"{found['kind']}: {said}"
    if judged.get("unusable"):
        for name, which in (("unusable", "cannot"), ("usable", "can")):
            if figures := judged.get(name):
                named = figures_in_short(figures)
                yield "figures", f"Figures that {which} be used: {named}"


def counts(job: Job) -> str:
    """How many calls succeeded, in what time, for how much."""
    result = job["result"]
    ok, asked = result["successful_runs"], result["total_runs"]
    rate = f" ({share(ok / asked)})" if asked and ok < asked else ""
    spent = job["money"]["spent_usd"]
    paid = "" if spent is None else f", for {usd(spent)}"
    if paid and (judged := result.get("judge_cost_usd")) is not None:
        paid += f" ({usd(judged)} of it for judges)"
    return f"{ok:,} of {asked:,} calls succeeded{rate} in {_took(job)}{paid}."


def _took(job: Job) -> str:
    """How long it was worked on, and by the clock where that is another time.

    >>> _took({"progress": {"elapsed_s": 11.0, "wall_s": 24.0}})
    '0:11 of work (0:24 by the clock, with pauses and waits)'
    """
    worked_s, wall_s = job["progress"]["elapsed_s"], job["progress"].get("wall_s")
    took = clock(worked_s)
    if worked_s is None or wall_s is None or wall_s - worked_s <= _PAUSE_S:
        return took
    return f"{took} of work ({clock(wall_s)} by the clock, with pauses and waits)"


def ending(job: Job) -> Iterator[str]:
    """Why it ended before all was asked, or failed, or was not checked."""
    if job["status"] == "cancelled":
        yield "It was cancelled; what was measured by then is kept."
    stopped = {
        "budget": "It stopped at its budget, with what it had by then.",
        "error_limit": "It stopped because too many calls failed (`max_error_share`).",
    }
    if job["stopped_by"] in stopped:
        yield stopped[job["stopped_by"]]
    if job["error"]:
        yield text(job["error"])
    yield from map(text, job["warnings"])


def in_short(job: Job) -> str:
    """One line: how it came out, and the first reason why not better."""
    (_, first), *rest = verdict(job)
    is_early = job["status"] != "done" or job["stopped_by"]
    doubts = [said for kind, said in rest if kind in ("suspect", "invalid")]
    why = [*(ending(job) if is_early else ()), *doubts]
    return " ".join([f"{job['job_id']}: {job['status']}. {first}", *why[:1]])


def judging(job: Job) -> str | None:
    """What judges said; None where the plan has none.

    >>> said = {"yes": 5, "no": 2, "unknown": {"unclear": 1, "budget": 1}}
    >>> judging({"result": {"judging": said}})
    'Judges said yes 5 times and no 2 times; 2 are unknown (1 budget, 1 unclear).'
    """
    found = (job["result"] or {}).get("judging")
    if not found:
        return None
    unknown = sorted(found["unknown"].items())
    left = sum(n for _, n in unknown)
    why = f"; {left:,} are unknown ({', '.join(f'{n:,} {w}' for w, n in unknown)})"
    said = f"Judges said yes {found['yes']:,} times and no {found['no']:,} times"
    return text(f"{said}{why if left else ''}.")


def failures(job: Job) -> list[str]:
    """Why calls failed, the commonest first, in the upstream's words."""
    result = job["result"]
    if not result:
        return []
    said = [
        f"{one['calls']:,} {one['outcome']}: {text(one['error'] or 'no words')}"
        for one in result.get("complaints", ())
    ]
    told = sum(one["calls"] for one in result.get("complaints", ()))
    rest = result["counts"]["failed"] - told
    return said + ([f"{rest:,} others: see samples.csv"] if rest > 0 else [])


def found(job: Job) -> str | None:
    """The answer of a search, or of the planned looks, as a sentence; None in other
    plans."""
    result = job["result"] or {}
    answer = result.get("find") or result.get("until")
    return None if answer is None else text(answer["words"])


def state(judged: GateOutcome) -> str:
    """How a gate came out."""
    if judged.failed:
        return "failed"
    return "cannot tell" if judged.is_open else "passed"


def listed(job: Job) -> str | None:
    """What those figures are, and since when; None where there are none."""
    found = job.get("listed") or ()
    if not found:
        return None
    left = [f"{one['slug']} ({one['left_out']})" for one in found if one["left_out"]]
    out = f" Left out: {'; '.join(left)}." if left else ""
    at = str(found[0]["at"])[:16].replace("T", " ")
    return text(
        f"As the upstream listed them at {at} UTC, by its own measuring of everybody's"
        f" calls in 30 minutes.{out}"
    )


def gate(judged: GateOutcome) -> str:
    """A gate, whose it is, and how it came out."""
    of = "" if judged.of is None or judged.gate.of else f" of {text(judged.of)}"
    return (
        f'{state(judged)}: fail if "{text(judged.gate.text)}"{of}: {text(judged.words)}'
    )
