"""What a reader must know beside the numbers, and that is nobody's fault."""

import math

from shared.analysis import ProviderFigures
from shared.plan import SyntheticPrompts, calibrate
from shared.run import Ending
from shared.verdict.noted import NOTED
from shared.verdict.records import Evidence, Reason, Rule


def _several_providers(evidence: Evidence) -> Reason | None:
    said = []
    for target, figures in zip(
        evidence.plan.targets, evidence.summary.targets, strict=True
    ):
        named = [each for each in figures.providers if each.provider is not None]
        if target.provider is None and len(named) > 1:
            said.append(f"{figures.target}: {_spread(named)}")
    if not said:
        return None
    return Reason(
        kind="note",
        code="several_providers",
        words=f"Several providers served one target. {'; '.join(said)}.",
        remedy="Pin a provider, or read the figures per provider.",
        value=float(len(said)),
    )


def _spread(providers: list[ProviderFigures]) -> str:
    """Each provider's median, quickest first: of TTFT, or of latency if unstreamed."""
    streamed = any(each.ttft.n for each in providers)
    what = "time to first token" if streamed else "latency"
    medians = []
    for each in providers:
        median = (each.ttft if streamed else each.latency).p50.point
        said = "no success" if median is None else f"{median:.3f} s"
        place = math.inf if median is None else median
        medians.append((place, f"{each.provider} {said} (n={each.successful_runs})"))
    return f"median {what} {', '.join(words for _, words in sorted(medians))}"


def _cached(evidence: Evidence) -> Reason | None:
    counts = evidence.summary.counts
    if not counts.cache_hits and not counts.prompt_cache_hits:
        return None
    return Reason(
        kind="note",
        code="cached",
        words=f"{counts.cache_hits} calls were answered from a response cache, and"
        f" {counts.prompt_cache_hits} from a warm prompt cache{_by_target(evidence)}.",
        remedy="Set `unique_prefix` to ask each prompt anew.",
        value=float(counts.cache_hits + counts.prompt_cache_hits),
        limit=0.0,
    )


def _by_target(evidence: Evidence) -> str:
    """Whose prompts were warm, where there are several: they answer one prompt back to
    back, so a cache that they share is warm for all but the first of them."""
    targets = evidence.summary.targets
    if len(targets) < 2:
        return ""
    said = [
        f"{each.target} {each.counts.prompt_cache_hits} of {each.total_runs}"
        for each in targets
    ]
    return f" ({', '.join(said)})"


def _estimated_tokens(evidence: Evidence) -> Reason | None:
    rows = evidence.summary.tokens.rows_estimated
    if not rows:
        return None
    return Reason(
        kind="note",
        code="estimated_tokens",
        words=f"{rows} rows have no `usage`: their output tokens are the events that"
        " we counted, and an event may hold several.",
        remedy="Do not compare `tpot` or tokens/s of these with others.",
        value=float(rows),
        limit=0.0,
    )


def _retried(evidence: Evidence) -> Reason | None:
    attempts = evidence.summary.attempts
    if attempts is None or not attempts.retries:
        return None
    slots = evidence.summary.total_runs
    return Reason(
        kind="note",
        code="retried",
        words=f"{attempts.retried_slots} of {slots} slots were retried:"
        f" {_share(attempts.first.success_share)} of first attempts succeeded, and"
        f" {_share(attempts.perceived.success_share)} of slots after"
        f" {attempts.retries} retries.",
        remedy="Read `attempts` beside the other figures, which are of last attempts.",
        value=float(attempts.retried_slots),
        limit=0.0,
    )


def _share(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"


def _too_few(evidence: Evidence) -> Reason | None:
    latency = evidence.summary.latency
    each = {"p50": latency.p50, "p90": latency.p90}
    each |= {"p95": latency.p95, "p99": latency.p99}
    missing = [f"{name} ({p.needs} more)" for name, p in each.items() if p.needs]
    if not missing or not latency.n:  # without a success there is another reason
        return None
    return Reason(
        kind="note",
        code="too_few",
        words=f"{latency.n} successful calls are too few for {', '.join(missing)}.",
        remedy="Raise `runs`, or leave those percentiles out of conclusions.",
        value=float(latency.n),
        limit=float(latency.n + latency.p99.needs),
        figures=tuple(f"latency.{name}" for name, p in each.items() if p.needs),
    )


def _ended_early(evidence: Evidence) -> Reason | None:
    """A failed run has a doubt of its own, and so has one at its error limit."""
    how = _EARLY.get(evidence.summary.ending) if evidence.summary.ending else None
    if how is None:
        return None
    calls = evidence.summary.total_runs
    return Reason(
        kind="note",
        code="ended_early",
        words=f"The run {how} after {calls} calls.",
        remedy="Do not compare it with a complete run, unless the missing calls do not"
        " matter.",
        value=float(calls),
    )


_EARLY = {Ending.CANCELLED: "was cancelled", Ending.BUDGET: "stopped at its budget"}


def _as_available(evidence: Evidence) -> Reason | None:
    paused = evidence.seen.paused_targets or ()
    if not paused or len(evidence.plan.targets) < 2:
        return None
    return Reason(
        kind="note",
        code="as_available",
        words=f"Limits or an outage held up {', '.join(paused)} for a while, so the"
        " order of calls was as available and targets were not interleaved evenly.",
        remedy="Compare targets over the stretches that they share, or lower the rate.",
        value=float(len(paused)),
        limit=0.0,
    )


def _gaps(evidence: Evidence) -> Reason | None:
    gap_s = evidence.seen.gap_s
    if not gap_s:
        return None
    return Reason(
        kind="note",
        code="gaps",
        words=f"Nobody worked on the run for {gap_s:.1f} s in all, after it had begun:"
        " it was paused, waited or changed workers. Due times and the step's end went"
        " on after each gap from where they stood.",
        remedy="The time is in no rate and no latency; but caches, queues and the"
        " upstream itself may have been others afterwards. Compare segments.",
        value=gap_s,
        limit=0.0,
    )


def _outages(evidence: Evidence) -> Reason | None:
    outages = evidence.seen.outages
    if not outages:
        return None
    lasted = evidence.seen.outage_s
    how_long = "" if lasted is None else f", for {lasted:.1f} s in all"
    return Reason(
        kind="note",
        code="outages",
        words=f"The upstream, or a target of it, was down {outages} time(s){how_long};"
        " calls were held back meanwhile. The calls that failed in it are rows that"
        " closed no slot (`turned_away`), and are not counted as failed.",
        remedy="Set `on_outage` to `count` to measure such failures.",
        value=float(outages),
        limit=0.0,
    )


def _words_per_token(evidence: Evidence) -> Reason | None:
    prompts, tokens = evidence.plan.prompts, evidence.summary.tokens
    if not isinstance(prompts, SyntheticPrompts):
        return None
    if not tokens.prompt or not tokens.rows_reporting:
        return None
    some = range(min(prompts.count(), 1000))
    words = [len((prompts.prompt(index).prompt or "").split()) for index in some]
    per_call = sum(words) / len(words)
    measured = calibrate(round(per_call * tokens.rows_reporting), tokens.prompt)
    if abs(measured / prompts.words_per_token - 1) <= 0.05:
        return None
    return Reason(
        kind="note",
        code="words_per_token",
        words=f"By the upstream's count the synthetic prompts had {measured:.2f} words"
        f" to a token, and the plan took {prompts.words_per_token:g}: they were"
        f" {prompts.words_per_token / measured:.0%} as long as wanted.",
        remedy=f"Set `words_per_token` to {measured:.2f} in the next plan.",
        value=measured,
        limit=prompts.words_per_token,
    )


def _reworded(evidence: Evidence) -> Reason | None:
    said = evidence.seen.reworded
    if not said:
        return None
    return Reason(
        kind="note",
        code="reworded",
        words=f"{'; '.join(said)}: the usual request is refused. Where that was learnt"
        " in this run, each call that was open then is a row, and its slot was asked"
        " again.",
        remedy="Set `max_tokens_field` and `stream_options` in the plan, and nothing"
        " has to be learnt.",
        value=float(len(said)),
    )


def _proxy(evidence: Evidence) -> Reason | None:
    if evidence.seen.proxy is None:
        return None
    return Reason(
        kind="note",
        code="proxy",
        words=f"Calls went through the proxy {evidence.seen.proxy}: its time is in"
        " every figure.",
        remedy="Unset UPSTREAM_PROXY to measure the upstream alone.",
    )


def _unaccounted(evidence: Evidence) -> Reason | None:
    usd = evidence.seen.unaccounted_usd
    if not usd:
        return None
    return Reason(
        kind="note",
        code="unaccounted",
        words=f"Up to USD {usd:.6f} more than `billed_usd` may have been billed: calls"
        " whose answer did not say what it cost, or that were cut before they ended.",
        remedy="Compare with the bill that the upstream shows. A budget counts these"
        " calls at their worst cost.",
        value=usd,
        limit=0.0,
    )


def _clamped_stamps(evidence: Evidence) -> Reason | None:
    clamped = evidence.seen.clamped_stamps
    if not clamped:
        return None
    return Reason(
        kind="note",
        code="clamped_stamps",
        words=f"{clamped} kernel stamps were impossible, and the event loop's were"
        " taken.",
        remedy="Do nothing if they are few; else check whether the clock was set.",
        value=float(clamped),
        limit=0.0,
    )


NOTES: tuple[Rule, ...] = (
    _several_providers,
    _cached,
    _estimated_tokens,
    _retried,
    _too_few,
    _ended_early,
    _as_available,
    _gaps,
    _outages,
    _words_per_token,
    _reworded,
    _proxy,
    _unaccounted,
    _clamped_stamps,
    *NOTED,
)
