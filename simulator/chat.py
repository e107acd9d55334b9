"""From a request to a script: who asks, which model, what it says, what goes wrong.

Everything is decided before anything is sent. The same ordinal under the same seed
draws the same provider, weather and times; the words depend on model and prompt only.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import inf
from random import Random
from typing import Any

from starlette.datastructures import Headers

from simulator import answers, bodies, cast, routing
from simulator.config import Config
from simulator.fault import Fault, Params
from simulator.faults import parse
from simulator.ledger import Ledger, Record
from simulator.limits import FreeTier, Pool
from simulator.models import Model, Provider
from simulator.refusals import REFUSALS, Refusal, throttled
from simulator.render import render
from simulator.script import Answer, Charge, Script, refuse
from simulator.timing import Pace, schedule

_EFFORTS = {"none": 0.0, "minimal": 0.25, "low": 0.5, "medium": 1.0, "high": 2.0}
_UTMOST = 4.0
"""How much longer than with effort `medium` a model reasons beyond `high`."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """One simulated upstream: what it was told and what it remembers."""

    config: Config
    ledger: Ledger
    free_tier: FreeTier | None
    pools: dict[str, Pool] = field(default_factory=dict)
    """Model -> its shared pool; made when it is first asked."""

    def is_busy(self, model: Model, now_s: float) -> bool:
        """Whether the model's pool takes no call now."""
        per_minute = dict(self.config.pools).get(model.id)
        if per_minute is None:
            return False
        return not self.pools.setdefault(model.id, Pool(per_minute)).takes(now_s)


class Refused(Exception):
    """The call ends here, with this error."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def decide(
    upstream: Upstream, record: Record, headers: Headers, body: bytes, *, plain: bool
) -> Script:
    """The script for one request; what it learns of the call it writes into `record`.

    `plain` is the dialect of an ordinary OpenAI-compatible server.
    """
    try:
        return _reply(upstream, record, headers, body, plain=plain)
    except Refused as stop:
        return refuse(stop.refusal, record.id, record.model, plain=plain)


def _reply(
    upstream: Upstream, record: Record, headers: Headers, body: bytes, *, plain: bool
) -> Script:
    config = upstream.config
    rng = Random(f"{config.seed}/{record.n}")
    # Drawn first and always, so that a fault or a pin leaves the times as they were.
    provider_draw, weather_draw = rng.random(), rng.random()

    record.traceparent = headers.get("traceparent")
    record.key_sha256 = authorize(headers, needed=not plain)
    record.authorized = record.key_sha256 is not None
    request = _read(body)
    model, sort = _find(record, request)
    struck = _faults(upstream, record, model, headers, weather_draw)
    if model.free and upstream.free_tier is not None and not plain:
        over = upstream.free_tier.count(record.received_at)
        if over is not None:
            raise Refused(over)
    if upstream.is_busy(model, record.received_at):
        raise Refused(throttled(config.pool_retry_after))
    for fault, params in struck:
        spared = fault.unless is not None and fault.unless(request)
        if fault.refuse is not None and not spared:
            raise Refused(fault.refuse(params, record.received_at))
    if model.refusal is not None:
        raise Refused(REFUSALS[model.refusal])

    provider = _route(cast.resolve(model), request, sort, provider_draw, plain=plain)
    record.provider = provider.name
    pace = _pace(config, model, provider, headers)
    answer = _answer(config, record, request, model, provider, pace, rng, plain=plain)
    try:
        return _struck(answer, struck)
    except ValueError as error:
        raise Refused(Refusal(400, f"fault: {error}")) from error


def authorize(headers: Headers, *, needed: bool) -> str | None:
    """The first digits of the key's SHA-256; None without a key.

    Keys ending in `-bad` are unknown, those in `-poor` have no credit. Raises Refused.
    """
    key = headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not key and needed:
        raise Refused(REFUSALS["no-auth"])
    if key.endswith("-bad"):
        raise Refused(REFUSALS["bad-key"])
    if key.endswith("-poor"):
        raise Refused(REFUSALS["no-credit"])
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else None


def _read(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError:
        raise Refused(REFUSALS["no-tokens"]) from None
    if not isinstance(request, dict):
        raise Refused(REFUSALS["no-tokens"])
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(REFUSALS["no-messages"])
    return request


def _find(record: Record, request: dict[str, Any]) -> tuple[Model, str | None]:
    record.model = str(request.get("model", ""))
    record.streamed = bool(request.get("stream"))
    prompt = answers.prompt_text(request["messages"])
    record.prompt_sha256 = hashlib.sha256(
        prompt.encode(errors="surrogatepass")
    ).hexdigest()
    record.prompt_tokens = answers.count_tokens(prompt)
    found = cast.find(record.model)
    if found is None:
        raise Refused(REFUSALS["invalid-model"])
    return found


def _faults(
    upstream: Upstream, record: Record, model: Model, headers: Headers, draw: float
) -> list[tuple[Fault, Params]]:
    """(fault, arguments) of all that strike this call; the record names all that were
    asked for."""
    texts = headers.getlist("x-sim-fault")
    own = cast.fault_of(model)
    if own is not None:
        texts.insert(0, own)
    weather = upstream.config.weather
    shares = accumulate(share for _, share in weather)
    for (text, _), share in zip(weather, shares, strict=True):
        if draw < share:
            texts.append(text)
            break
    record.fault = " + ".join(texts) or None
    try:
        named = [parse(text) for text in texts]
        return [each for each in named if _strikes(upstream.ledger, record, *each)]
    except ValueError as error:
        raise Refused(Refusal(400, f"fault: {error}")) from error


def _strikes(ledger: Ledger, record: Record, fault: Fault, params: Params) -> bool:
    """Whether the fault still does, so often as the prompt was asked before."""
    first = params.get("first", fault.first)
    return first is None or ledger.asked_before(record) < int(first)


def _struck(answer: Answer, struck: list[tuple[Fault, Params]]) -> Script:
    for fault, params in struck:
        if fault.bend is not None:
            answer = fault.bend(answer, params)
    script = render(answer)
    for fault, params in struck:
        if fault.cut is not None:
            script = fault.cut(script, answer, params)
    return script


def _route(
    model: Model, request: dict[str, Any], sort: str | None, draw: float, *, plain: bool
) -> Provider:
    wish = routing.read_wish(None if plain else request.get("provider"), sort)
    if isinstance(wish, Refusal):
        raise Refused(wish)
    provider = routing.choose(model, wish, draw)
    if isinstance(provider, Refusal):
        raise Refused(provider)
    return provider


def _pace(config: Config, model: Model, provider: Provider, headers: Headers) -> Pace:
    """The model's pace at this provider; what the server or a header sets is exact."""
    own = cast.resolve(model).pace
    slow = provider.slowness
    return Pace(
        ttft_s=_knob(headers, "ttft-s", config.ttft_s, own.ttft_s * slow),
        gap_s=_knob(headers, "gap-s", config.gap_s, own.gap_s * slow),
        tokens=int(_knob(headers, "tokens", config.tokens, own.tokens)),
        spread=_knob(headers, "spread", config.spread, own.spread),
    )


def _knob(headers: Headers, name: str, configured: float | None, own: float) -> float:
    """A header's value, else the server's, else the model's own."""
    text = headers.get(f"x-sim-{name}")
    if text is None:
        return own if configured is None else configured
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < inf:
        message = f"X-Sim-{name}: {text!r} is not a number from 0 up"
        raise Refused(Refusal(400, message))
    return value


def _answer(
    config: Config,
    record: Record,
    request: dict[str, Any],
    model: Model,
    provider: Provider,
    pace: Pace,
    rng: Random,
    *,
    plain: bool,
) -> Answer:
    served = cast.resolve(model)
    cap = _token_cap(request)
    _check_length(served, record.prompt_tokens, cap)
    thoughts, hidden = _reasoning(served, request)
    whole = thoughts + pace.tokens
    tokens = whole if cap is None else min(whole, cap)
    thoughts = min(thoughts, tokens)
    prompt = answers.prompt_text(request["messages"])
    finish = "length" if tokens < whole else "stop"
    record.finish_reason = finish
    prompt_usd, completion_usd = served.prices_usd(record.prompt_tokens, provider)
    created = int(record.received_at)
    name = record.model if served is model else served.id
    options = request.get("stream_options")
    asked = isinstance(options, dict) and bool(options.get("include_usage"))
    return Answer(
        head=bodies.Head(record.id, created, name, provider.name, plain),
        stream=record.streamed,
        reasoning=answers.pieces(f"{served.id} thinks", prompt, thoughts),
        content=answers.pieces(
            served.id, prompt, tokens - thoughts, closed=tokens == whole
        ),
        times_s=schedule(pace, tokens, rng),
        charge=Charge(
            record.prompt_tokens,
            prompt_usd,
            completion_usd,
            provider.stops_when_cancelled,
        ),
        finish_reason=finish,
        native_finish_reason=finish,
        hide_reasoning=hidden,
        usage="A" if not plain or asked or not record.streamed else None,
        role="alone" if plain else "every",
        comment_every_s=0 if plain else config.comment_every_s,
        padding_after_s=config.padding_after_s,
        padding_every_s=0 if plain else config.padding_every_s,
    )


def _token_cap(request: dict[str, Any]) -> int | None:
    cap = request.get("max_completion_tokens", request.get("max_tokens"))
    if cap is None:
        return None
    if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
        raise Refused(Refusal(400, f"max_tokens must be at least 1, not {cap!r}"))
    return cap


def _check_length(model: Model, prompt_tokens: int, cap: int | None) -> None:
    asked = prompt_tokens + (cap or 0)
    if asked > model.context_length:
        message = (
            f"This endpoint's maximum context length is {model.context_length} "
            f"tokens. However, you requested about {asked} tokens "
            f"({prompt_tokens} of text input, {cap or 0} in the output)."
        )
        raise Refused(replace(REFUSALS["context-length"], message=message))


def _reasoning(model: Model, request: dict[str, Any]) -> tuple[int, bool]:
    """(tokens of reasoning, whether they are kept from the client)."""
    wish = request.get("reasoning")
    wish = wish if isinstance(wish, dict) else {}
    effort = wish.get("effort", request.get("reasoning_effort"))
    off = effort == "none" or wish.get("enabled") is False
    if off and model.reasoning_mandatory:
        raise Refused(REFUSALS["reasoning-mandatory"])
    hidden = wish.get("exclude") is True or request.get("include_reasoning") is False
    factor = _EFFORTS.get(str(effort), 1.0 if effort is None else _UTMOST)
    tokens = 0 if off else round(model.reasoning_tokens * factor)
    most = wish.get("max_tokens")
    return (min(tokens, most) if isinstance(most, int) else tokens), hidden
