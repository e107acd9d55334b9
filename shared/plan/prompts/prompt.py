"""One thing to ask."""

import re
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.checks import Checks
from shared.fields import NOT_A_BOOL, Frozen
from shared.plan.input.lists import IN_PIECES

Role = Literal["system", "developer", "user", "assistant"]

_HALF = re.compile("[\ud800-\udfff]")
"""json.loads makes one of an escape that stands alone."""


def _some_text(text: str) -> str:
    if not text or text.isspace():
        raise ValueError("it is blank; leave it out")
    if "\0" in text:
        raise ValueError("it holds a NUL character; remove it")
    if not text.isascii() and _HALF.search(text):
        raise ValueError("it holds half of a surrogate pair; send whole characters")
    return text


Text = Annotated[str, AfterValidator(_some_text)]
"""Something to read: not blank, no NUL, and UTF-8 can write it."""

MaxTokens = Annotated[int, Field(ge=1, le=10_000_000), NOT_A_BOOL]


class Message(Frozen):
    """One turn of a transcript."""

    role: Role = Field(description="Who speaks.", examples=["user"])
    content: Text = Field(
        description="What they say.", examples=["Why is the sky blue?"]
    )


class Prompt(Frozen):
    """A text, or a transcript that is sent as given; exactly one of the two."""

    prompt: Text | None = Field(
        default=None, description="A text.", examples=["Why is the sky blue?"]
    )
    messages: Annotated[tuple[Message, ...], Field(min_length=1), IN_PIECES] | None = (
        Field(
            default=None,
            description="A transcript, all of whose turns are sent as given.",
            examples=[
                [
                    {"role": "user", "content": "Name a colour."},
                    {"role": "assistant", "content": "Blue."},
                    {"role": "user", "content": "Another."},
                ]
            ],
        )
    )
    max_tokens: MaxTokens | None = Field(
        default=None, description="Instead of the plan's.", examples=[64]
    )
    id: str | None = Field(
        default=None, max_length=200, description="A label.", examples=["sky-1"]
    )

    checks: Checks = Field(
        default=(),
        description="What its answers must be like, beside the plan's: docs/checks.md.",
        examples=[[{"kind": "contains", "contains": "Rayleigh"}]],
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("give either `prompt` or `messages`, and not both")
        return self

    def turns(self, system_prompt: str | None = None) -> tuple[Message, ...]:
        """The messages to send, with the plan's system prompt before them."""
        turns = self.messages or (Message(role="user", content=self.prompt or ""),)
        if system_prompt:
            return (Message(role="system", content=system_prompt), *turns)
        return turns

    def size_bytes(self) -> int:
        """What its text takes as UTF-8."""
        if self.prompt is not None:
            return len(self.prompt.encode())
        return sum(len(turn.content.encode()) for turn in self.turns())

    def sha256(self) -> str:
        """Hex digest of what is asked, so that a row can name it without its text.

        Of the UTF-8 text; for a transcript of `role NUL content NUL` per turn.
        """
        if self.prompt is not None:
            return sha256(self.prompt.encode()).hexdigest()
        turns = "".join(f"{m.role}\0{m.content}\0" for m in self.turns())
        return sha256(turns.encode()).hexdigest()
