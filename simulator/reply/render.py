"""From an answer to its bytes and their due times; pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from simulator import bodies
from simulator.pace import every
from simulator.reply.script import (
    EVERY_REPLY,
    JSON_HEADERS,
    STREAM_HEADERS,
    Answer,
    Frame,
    Script,
    outcome_of,
)

_ROLE = {"role": "assistant"}
_Kind = Literal["reasoning", "content", "tool"]


def render(answer: Answer) -> Script:
    """The bytes of `answer` and their times."""
    return Script(
        outcome=outcome_of(answer),
        frames=stream_frames(answer) if answer.stream else body_frames(answer),
        headers=_reply_headers(answer),
        charge=answer.charge,
        tokens=answer.tokens,
        reasoning_tokens=len(answer.reasoning),
    )


def _reply_headers(answer: Answer) -> dict[str, str]:
    kind = STREAM_HEADERS if answer.stream else JSON_HEADERS
    if answer.head.plain:
        return kind
    told = {"X-Generation-Id": answer.head.id} | dict(answer.headers)
    return kind | EVERY_REPLY | told


def completion_of(answer: Answer) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    message = bodies.spoken(answer.content_in, "".join(answer.content))
    if answer.reasoning and not answer.hide_reasoning:
        thought = bodies.thought(answer.reasoning_in, "".join(answer.reasoning))
        if answer.reasoning_in == "content":
            thought["content"] += message["content"]
        message |= thought
    return bodies.completion(
        answer.head,
        content=None,
        finish_reason=answer.finish_reason,
        native_finish_reason=answer.native_finish_reason,
        usage=usage_of(answer),
        message_more=message | dict(answer.message_more),
    )


def usage_of(answer: Answer) -> dict[str, Any] | None:
    """The usage as the upstream reports it; None when it reports none."""
    if answer.usage is None:
        return None
    if answer.head.plain:
        return bodies.plain_usage(answer.charge.prompt_tokens, answer.tokens)
    cost_usd: Decimal | None = answer.charge.cost_usd(answer.tokens)
    if answer.cost == "scientific":
        cost_usd = bodies.Scientific(answer.charge.cost_usd(answer.tokens))
    elif answer.cost == "half":
        cost_usd = answer.charge.cost_usd(answer.tokens) / 2
    elif answer.cost == "null":
        cost_usd = None
    usage = bodies.usage(
        answer.charge.prompt_tokens,
        answer.tokens,
        reasoning_tokens=len(answer.reasoning),
        cached_tokens=answer.cached_tokens,
        cost_usd=cost_usd,
    )
    if answer.cost == "missing":
        del usage["cost"], usage["cost_details"]
    return usage | dict(answer.usage_more)


def stream_frames(answer: Answer) -> tuple[Frame, ...]:
    """Comments, chunks of text, the finish, the usage and `[DONE]`."""
    first_s = answer.times_s[0]
    frames = [
        Frame(due_s, bodies.COMMENT)
        for due_s in every(answer.comment_every_s, answer.comment_every_s, first_s)
    ]
    if answer.role == "alone":
        # Half-way to the first token: a reader who takes it for one is found out.
        alone = bodies.event(bodies.chunk(answer.head, {"content": ""} | _ROLE))
        frames.append(Frame(max(first_s / 2, frames[-1].due_s if frames else 0), alone))

    frames += _text_frames(answer)
    told = sum(frame.tokens for frame in frames)
    frames.append(_finish(answer, tokens=answer.tokens - told))
    usage = usage_of(answer)
    if usage is not None:
        last = bodies.usage_chunk(
            answer.head,
            usage,
            shape=answer.usage or "A",
            finish_reason=answer.finish_reason,
            native_finish_reason=answer.native_finish_reason,
        )
        frames.append(Frame(answer.ends_s, bodies.event(last)))
    frames.append(Frame(answer.ends_s, bodies.DONE))
    return tuple(frames)


def _text_frames(answer: Answer) -> list[Frame]:
    """An event for each `chunk_tokens` tokens, due with the last of them."""
    frames: list[Frame] = []
    # Hidden reasoning takes its time and comes to light, as a count, with the text.
    hidden = len(answer.reasoning) if answer.hide_reasoning else 0
    told = hidden
    for text, pieces, delta in _parts(answer):
        unnamed = bodies.chunk_around(answer.head, delta)
        named = bodies.chunk_around(answer.head, delta | _ROLE)
        for i in range(0, len(pieces), answer.chunk_tokens):
            group = pieces[i : i + answer.chunk_tokens]
            told += len(group)
            role = answer.role == "every" or (answer.role == "once" and not frames)
            said = bodies.quoted("".join(group)).join(named if role else unnamed)
            due_s = answer.times_s[told - 1]
            frames.append(Frame(due_s, said, len(group) + hidden, text))
            hidden = 0
    return frames


def _parts(
    answer: Answer,
) -> Iterator[tuple[_Kind, tuple[str, ...], dict[str, Any]]]:
    """(kind, pieces, the delta that carries one) of what a stream will show."""
    if answer.reasoning and not answer.hide_reasoning:
        thought = bodies.thought(answer.reasoning_in, bodies.PIECE)
        yield "reasoning", answer.reasoning, {"content": ""} | thought
    if answer.content:
        kind: _Kind = "tool" if answer.content_in == "tool_calls" else "content"
        yield kind, answer.content, bodies.spoken(answer.content_in, bodies.PIECE)


def _finish(answer: Answer, *, tokens: int) -> Frame:
    delta = {"content": ""} | _ROLE if answer.role == "every" else {}
    body = bodies.chunk(
        answer.head,
        delta | dict(answer.message_more),
        finish_reason=answer.finish_reason,
        native_finish_reason=answer.native_finish_reason,
    )
    return Frame(answer.ends_s, bodies.event(body), tokens)


def body_frames(answer: Answer) -> tuple[Frame, ...]:
    """Blanks while it takes long, then the whole body at the last token's time."""
    times = every(answer.padding_every_s, answer.padding_after_s, answer.ends_s)
    blanks = (Frame(due_s, bodies.PADDING) for due_s in times)
    body = bodies.encode(completion_of(answer))
    return (*blanks, Frame(answer.ends_s, body, answer.tokens))
