"""What to answer when a call upstream fails: of each outcome a problem and a remedy."""

from math import ceil

from api.errors import Problem
from shared.answer import Reply
from shared.sample import Outcome
from shared.settings.address import Upstream
from shared.settings.called import SETTINGS, Called

_KINDS: dict[Outcome, str] = {
    Outcome.DROPPED: "overloaded",
    Outcome.CANCELLED: "stopping",
    Outcome.UNFINISHED: "stopping",
    Outcome.CONNECT_ERROR: "upstream-unreachable",
    Outcome.TIMEOUT_CONNECT: "upstream-timeout",
    Outcome.DISCONNECTED: "upstream-disconnected",
    Outcome.TIMEOUT_FIRST_TOKEN: "upstream-timeout",
    Outcome.TIMEOUT_IDLE: "upstream-timeout",
    Outcome.TIMEOUT_TOTAL: "upstream-timeout",
    Outcome.RATE_LIMITED: "upstream-rate-limited",
    Outcome.REFUSED: "upstream-refused",
    Outcome.NO_CREDIT: "upstream-no-credit",
    Outcome.UPSTREAM_ERROR: "upstream-error",
    Outcome.PROTOCOL_ERROR: "upstream-garbage",
    Outcome.ERROR_IN_200: "upstream-error-in-answer",
    Outcome.TRUNCATED: "upstream-truncated",
    Outcome.EMPTY: "upstream-empty",
    Outcome.NO_TEXT: "upstream-empty",
}
"""Of every outcome but `ok`."""

_KINDS_OF_REFUSAL = {
    401: "upstream-bad-key",
    403: "upstream-forbidden",
    404: "upstream-no-model",
}
_DEADLINES = {
    Outcome.TIMEOUT_CONNECT: "CONNECT_TIMEOUT_S",
    Outcome.TIMEOUT_FIRST_TOKEN: "FIRST_TOKEN_TIMEOUT_S",
    Outcome.TIMEOUT_IDLE: "IDLE_TIMEOUT_S",
    Outcome.TIMEOUT_TOTAL: "TOTAL_TIMEOUT_S",
}
_REMEDIES = {
    "overloaded": "Ask again in a moment.",
    "stopping": "Ask again.",
    "upstream-unreachable": "Check {called.base_url} and the network.",
    "upstream-timeout": "Try again or another model, or raise {deadline}.",
    "upstream-disconnected": "Ask again; this one may have been billed.",
    "upstream-rate-limited": "Wait as long as Retry-After says, if it is there, or ask"
    " another model.",
    "upstream-refused": "Change the request; asking the same again will not help.",
    "upstream-bad-key": "Put a valid {called.key} into {called.key_place}, and start"
    " again.",
    "upstream-forbidden": "Ask something else or another model, or look at the limits"
    " and the guardrails of the key.",
    "upstream-no-model": "GET /models lists what can be asked{privacy}.",
    "upstream-no-credit": "Add credit, or lower max_tokens: it is reserved beforehand.",
    "upstream-error": "Try again, or ask another model.",
    "upstream-garbage": "Check that {called.base_url} is an API and not a web page.",
    "upstream-error-in-answer": "Try again, or ask another model.",
    "upstream-truncated": "Try again; the text may lack its end.",
    "upstream-empty": "Try again, raise max_tokens, or ask another model.",
}
_PRIVACY = "; your account's privacy settings may exclude more"

KINDS = tuple(_REMEDIES)
"""Every kind of problem that a call upstream can end as."""


def problem(
    reply: Reply, now_s: float, upstream: Upstream, called: Called = SETTINGS
) -> Problem:
    """Why a reply is no answer; `now_s` is the wall clock. Advice that only
    OpenRouter's accounts can follow is given there alone.

    The status is for *our* caller: a key that the upstream does not accept is our
    fault (502), what it says of the request, the credit and the rate is passed on.
    """
    kind = _KINDS[reply.outcome]
    if reply.outcome is Outcome.REFUSED and reply.status is not None:
        kind = _KINDS_OF_REFUSAL.get(reply.status, kind)
    headers = {}
    if reply.limit is not None and reply.limit.opens_at is not None:
        headers["Retry-After"] = str(max(1, ceil(reply.limit.opens_at - now_s)))
    deadline = _DEADLINES.get(reply.outcome, "")
    privacy = _PRIVACY if upstream.dialect == "openrouter" else ""
    said = (reply.error or "It did not say why.").rstrip(".")
    names = {"deadline": deadline, "privacy": privacy, "called": called}
    return Problem(
        kind,
        f"{said}. {_REMEDIES[kind].format(**names)}",
        headers=headers,
        outcome=reply.outcome,
        upstream_status=reply.status,
    )
