"""One prompt, one answer: at once, or as it comes."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.conversation import (
    KINDS,
    Conversation,
    Ended,
    ask_in_words,
    problem,
    reworded,
    with_near,
)
from api.deps import PartsDep
from api.errors import Problem, responses
from api.live import KEEP_ALIVE, KEEP_ALIVE_S, EventStream, event, unless_gone
from api.parts import Parts
from shared.answer import Ask
from shared.clock import monotonic_s, wall_s
from shared.errors import TooMuch
from shared.fields import NOT_A_BOOL
from shared.plan import MaxTokens, Routing, Text, UpstreamName
from shared.plan.model_id import ModelId, Name
from shared.plan.prompts import Prompt
from shared.sample import Outcome
from shared.settings import DEFAULT
from shared.upstream import Contact

router = APIRouter(tags=["generate"])
log = logging.getLogger(__name__)


class Question(BaseModel):
    """One prompt for one model."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: Text = Field(description="What to ask.", examples=["Why is the sky blue?"])
    model: ModelId = Field(examples=["openrouter/free"])
    upstream: UpstreamName = None
    provider: Annotated[Name, Field(max_length=100)] | None = Field(
        default=None, description="Only this provider, without fallbacks."
    )
    routing: Routing | None = Field(
        default=None, description="What is said to OpenRouter's router."
    )
    max_tokens: MaxTokens = Field(default=512, description="Tokens at most.")
    stream: bool = Field(default=False, description="Answer with events.")
    system_prompt: Text | None = Field(
        default=None, description="Sent before the prompt."
    )
    temperature: Annotated[float, Field(ge=0, le=2), NOT_A_BOOL] | None = Field(
        default=None, description="Null: the upstream's default."
    )
    seed: Annotated[int, Field(ge=-(2**53), le=2**53), NOT_A_BOOL] | None = Field(
        default=None, description="Sent to the upstream, which may heed it."
    )

    @model_validator(mode="after")
    def _pinned_or_routed(self) -> Self:
        if self.provider and self.routing:
            raise ValueError(
                "a `provider` leaves nothing to route; leave `routing` out, or it"
            )
        return self


class Answer(BaseModel):
    """What came of it. Null is what the upstream did not say."""

    response: str = Field(description="The text of the answer.")
    tokens_used: int | None = Field(description="Of prompt and answer together.")
    latency_seconds: float | None = Field(description="From the sending to the end.")
    ttft_seconds: float | None = Field(
        description="From the sending to the first token; null unless streamed."
    )
    prompt_tokens: int | None = Field(description="Of the prompt.")
    completion_tokens: int | None = Field(description="As the upstream counts them.")
    reasoning_tokens: int | None = Field(description="Of the answer: reasoning.")
    cost_usd: float | None = Field(description="What it cost.")
    provider: str | None = Field(description="Who served it.")
    model: str = Field(description="The model that served it.")
    finish_reason: str | None = Field(description="Why it ended: `stop`, `length` ...")
    generation_id: str | None = Field(description="The upstream's id of the call.")
    reworded: str | None = Field(
        description="How the model was asked, where it refuses the usual request."
    )


_EVENTS = (
    'event: delta\ndata: {"text":"Because"}\n\n'
    'event: done\ndata: {"response":"Because","tokens_used":12}\n\n'
)


@router.post(
    "/generate",
    operation_id="generate_answer",
    summary="Ask one model one thing",
    response_model=Answer,
    responses={
        200: {
            "description": "The answer. With `stream`, events: a `delta` for each piece"
            " of text, at last `done` with the same fields, or `error` with a problem.",
            "content": {
                "text/event-stream": {"schema": {"type": "string"}, "example": _EVENTS}
            },
        },
        **responses(
            "slow-body",
            "too-large",
            "unsupported-media-type",
            "invalid",
            "too-much",
            "missing-key",
            "misconfigured",
            *KINDS,
        ),
    },
)
async def generate(
    question: Question,
    request: Request,
    parts: PartsDep,
    stream: Annotated[
        bool, Query(description="The same as `stream` in the body.")
    ] = False,
) -> Response:
    """Answers when the model has, or with `stream` as it goes.

    A client that leaves ends the call upstream; not every provider stops billing then.
    """
    streamed = stream or question.stream
    contact = parts.contacts.of(question.upstream or DEFAULT)
    await contact.meet()
    talk = _begin(parts, contact, question, streamed)
    begun = False
    try:
        first = await unless_gone(request, _first(parts, contact, talk, streamed))
        if first is None:
            return Response(status_code=499)  # nobody sees it; nginx's word for that
        if isinstance(first, Ended) and not streamed:
            body = _answer(contact, first, question).model_dump_json()
            return Response(body, media_type="application/json")
        begun = True
        return EventStream(_events(parts, contact, question, talk, first))
    except Problem as refused:
        raise await with_near(refused, question.model, contact.catalogue) from None
    finally:
        if not begun:
            await talk.aclose()


def _begin(
    parts: Parts, contact: Contact, question: Question, stream: bool
) -> Conversation:
    most = parts.settings.max_prompt_bytes
    for name, text in (
        ("prompt", question.prompt),
        ("system_prompt", question.system_prompt or ""),
    ):
        if len(text.encode()) > most:
            raise TooMuch(
                f"{name} has more than the {most} bytes allowed. Shorten it, or raise"
                " MAX_PROMPT_BYTES.",
                name,
            )
    ask = Ask(
        model=question.model,
        provider=question.provider,
        routing=question.routing,
        messages=Prompt(prompt=question.prompt).turns(question.system_prompt),
        max_tokens=question.max_tokens,
        stream=stream,
        temperature=question.temperature,
        seed=question.seed,
    )
    return ask_in_words(contact, ask)


async def _first(
    parts: Parts, contact: Contact, talk: Conversation, streamed: bool
) -> str | Ended:
    """The answer or, streamed, its first text; "" when that takes its time.

    So a failure before the first text has a status of its own, and a slow model does
    not keep a stream from beginning. Raises a Problem for that failure.
    """
    until_s = monotonic_s() + KEEP_ALIVE_S
    async for said in talk:
        if isinstance(said, Ended):
            return _checked(contact, said)
        if streamed and said:
            return said
        if streamed and (monotonic_s() > until_s or parts.stopping()):
            return ""
    raise RuntimeError("a conversation ended without its end")


async def _events(
    parts: Parts,
    contact: Contact,
    question: Question,
    talk: Conversation,
    said: str | Ended | None,
) -> AsyncGenerator[bytes, None]:
    sent_s = monotonic_s()
    told = False
    async with aclosing(talk):
        while not isinstance(said, Ended):
            if said:
                told = True
                yield event("delta", {"text": said})
                sent_s = monotonic_s()
            elif parts.stopping():
                stopping = Problem("stopping", "The server is stopping. Ask again.")
                yield event("error", stopping.body("/generate"))
                return
            elif monotonic_s() - sent_s >= KEEP_ALIVE_S:
                yield KEEP_ALIVE
                sent_s = monotonic_s()
            said = await anext(talk)
    try:
        answer = _answer(contact, _checked(contact, said), question)
    except Problem as failed:
        yield event("error", failed.body("/generate"))
        return
    if answer.response and not told:  # the upstream did not stream, though asked to
        yield event("delta", {"text": answer.response})
    yield event("done", answer)


def _checked(contact: Contact, ended: Ended) -> Ended:
    reply = ended.reply
    if reply.outcome is Outcome.OK:
        return ended
    settings = contact.settings
    failed = problem(reply, wall_s(), settings.upstream, settings.called)
    # What the upstream says may quote the prompt: its status is enough here.
    log.warning("%s, upstream status %s", failed.kind, reply.status)
    raise failed


def _answer(contact: Contact, ended: Ended, question: Question) -> Answer:
    reply, sent_s = ended.reply, ended.sent_s

    def since(stamp_s: float | None) -> float | None:
        return None if stamp_s is None or sent_s is None else stamp_s - sent_s

    return Answer(
        response=reply.text,
        tokens_used=reply.total_tokens,
        latency_seconds=since(reply.ended_s),
        ttft_seconds=since(reply.first_token_s),
        prompt_tokens=reply.prompt_tokens,
        # Events are not tokens, and here is no place to say whose count it is.
        completion_tokens=reply.output_tokens if reply.tokens_from == "usage" else None,
        reasoning_tokens=reply.reasoning_tokens,
        cost_usd=reply.cost_usd,
        provider=reply.provider,
        model=reply.served_model or question.model,
        finish_reason=reply.finish_reason,
        generation_id=reply.generation_id,
        reworded=reworded(contact, question.model),
    )
