"""From a request to a script: who asks, which model, what it says, what goes wrong.

Everything is decided before anything is sent. The same ordinal under the same seed
draws the same provider, weather and times.
"""

import hashlib
import json
from itertools import accumulate
from random import Random
from typing import Any

from starlette.datastructures import Headers

from simulator.bodies.refusals import REFUSALS, Refusal, throttled
from simulator.calls.answer import answer_of, pace_of
from simulator.calls.authorize import Refused, authorize
from simulator.calls.upstream import Upstream
from simulator.catalogue import Model, Provider, cast, routing
from simulator.faults import Fault, Params, parse
from simulator.ledger import Ledger, Record
from simulator.reply import Answer, Script, refuse, render, words


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

    served = cast.resolve(model)
    provider_draw = upstream.router_draw(served, provider_draw)
    provider = _route(served, request, sort, provider_draw, plain=plain)
    record.provider = provider.name
    pace = pace_of(config, model, provider, headers)
    answer = answer_of(config, record, request, model, provider, pace, rng, plain=plain)
    try:
        return _struck(answer, struck)
    except ValueError as error:
        raise Refused(Refusal(400, f"fault: {error}")) from error


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
    prompt = words.prompt_text(request["messages"])
    record.prompt_sha256 = hashlib.sha256(
        prompt.encode(errors="surrogatepass")
    ).hexdigest()
    record.prompt_tokens = words.count_tokens(prompt)
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
