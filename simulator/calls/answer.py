"""What the model says to one request, how fast, and at what price.

The words depend on model and prompt only; the times are drawn.
"""

from dataclasses import replace
from math import inf
from random import Random
from typing import Any

from starlette.datastructures import Headers

from simulator import bodies
from simulator.bodies.refusals import REFUSALS, Refusal
from simulator.calls.authorize import Refused
from simulator.catalogue import Model, Provider, cast
from simulator.config import Config
from simulator.ledger import Record
from simulator.pace import Pace, schedule
from simulator.reply import Answer, Charge, word, words

_EFFORTS = {"none": 0.0, "minimal": 0.25, "low": 0.5, "medium": 1.0, "high": 2.0}
_UTMOST = 4.0
"""How much longer than with effort `medium` a model reasons beyond `high`."""


def pace_of(config: Config, model: Model, provider: Provider, headers: Headers) -> Pace:
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


def answer_of(
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
    prompt = words.prompt_text(request["messages"])
    verdict = words.cut(word(prompt)) if served.judges else None
    if verdict is not None:
        pace = replace(pace, tokens=len(verdict))
    whole = thoughts + pace.tokens
    tokens = whole if cap is None else min(whole, cap)
    thoughts = min(thoughts, tokens)
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
        reasoning=words.pieces(f"{served.id} thinks", prompt, thoughts),
        content=(
            words.pieces(served.id, prompt, tokens - thoughts, closed=tokens == whole)
            if verdict is None
            else verdict[: tokens - thoughts]
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
