"""Faults that are an error status instead of an answer.

Each takes the fault's arguments and the time, and returns a refusal. An error that is
only a body is a row of `REFUSALS` and needs no function.
"""

from dataclasses import replace
from functools import partial

from simulator.bodies.refusals import REFUSALS, Refusal, free_limit, throttled
from simulator.faults.fault import Fault, Params
from simulator.pace import limits


def _named(name: str, params: Params, now_s: float) -> Refusal:
    return REFUSALS[name]


def _throttled(params: Params, now_s: float) -> Refusal:
    return throttled(params.get("retry_after"))


def _busy(params: Params, now_s: float) -> Refusal:
    return throttled(params.get("retry_after", "1"))


def _free_limit(kind: str, limit: int, params: Params, now_s: float) -> Refusal:
    reset = limits.next_minute_ms if kind == "minute" else limits.next_midnight_ms
    return free_limit(kind, limit, reset(now_s))


def retry_after_ms(params: Params, now_s: float) -> Refusal:
    busy = throttled(None)
    return replace(busy, headers={"Retry-After": "1", "retry-after-ms": "250"})


def reset(params: Params, now_s: float) -> Refusal:
    busy = throttled(None)
    return replace(busy, headers={"X-RateLimit-Reset": params.get("value", "6m0s")})


REFUSING: dict[str, Fault] = {
    **{
        name: Fault(f"HTTP {row.status}: {row.message}", refuse=partial(_named, name))
        for name, row in REFUSALS.items()
    },
    "rate-limited-upstream": Fault(
        "HTTP 429 of a provider's shared pool; `retry_after` (seconds, a date or "
        "nonsense) is sent as it is, or left out.",
        refuse=_throttled,
    ),
    "free-minute": Fault(
        "HTTP 429: the account's 20 free calls of this minute are used up.",
        refuse=partial(_free_limit, "minute", 20),
    ),
    "free-daily": Fault(
        "HTTP 429: the account's 50 free calls of this UTC day are used up.",
        refuse=partial(_free_limit, "day", 50),
    ),
    "free-daily-rich": Fault(
        "HTTP 429: the 1000 free calls of an account with credits are used up.",
        refuse=partial(_free_limit, "day-rich", limits.RICH_DAY),
    ),
    "retry-after-ms": Fault(
        "HTTP 429 with `Retry-After: 1` and `retry-after-ms: 250`.",
        refuse=retry_after_ms,
    ),
    "reset": Fault(
        "HTTP 429 with an X-RateLimit-Reset of `value` (6m0s).", refuse=reset
    ),
    "no-max-tokens": Fault(
        "HTTP 400 for `max_tokens`, as reasoning models answer it: they want "
        "`max_completion_tokens`.",
        refuse=partial(_named, "unsupported-max-tokens"),
        unless=lambda body: "max_tokens" not in body,
    ),
    "no-limit-of-tokens": Fault(
        "HTTP 400 for `max_tokens` and for `max_completion_tokens`.",
        refuse=partial(_named, "unknown-limit"),
        unless=lambda body: not {"max_tokens", "max_completion_tokens"} & body.keys(),
    ),
    "no-stream-options": Fault(
        "HTTP 422 for `stream_options`, as a strict validator answers.",
        refuse=partial(_named, "unknown-stream-options"),
        unless=lambda body: "stream_options" not in body,
    ),
    "fails-twice": Fault(
        "HTTP 502 the first two times that a prompt is asked, then an answer.",
        refuse=partial(_named, "bad-gateway"),
        first=2,
    ),
    "busy-once": Fault(
        "HTTP 429 of a provider, with `retry_after` (1), the first time that a prompt "
        "is asked, then an answer.",
        refuse=_busy,
        first=1,
    ),
}
