"""Prompts written into the plan; every file format ends as this."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from shared.fields import Frozen
from shared.plan.input.lists import IN_PIECES
from shared.plan.prompts.prompt import Prompt, Text


def _text_or_item(value: object) -> str:
    """Which of the two is meant, so that an error speaks of that one alone."""
    return "text" if isinstance(value, str) else "item"


Item = Annotated[
    Annotated[Text, Tag("text")] | Annotated[Prompt, Tag("item")],
    Discriminator(_text_or_item),
]


class InlinePrompts(Frozen):
    """The prompts themselves: texts, or items with `messages`, `max_tokens`, `id`."""

    kind: Literal["inline"] = Field(
        default="inline", description="The prompts stand in the plan."
    )
    prompts: Annotated[tuple[Item, ...], Field(min_length=1), IN_PIECES] = Field(
        description="Texts, or items; they may be mixed.",
        examples=[["Why is the sky blue?", "Почему небо голубое?"]],
    )

    def count(self) -> int:
        """How many prompts there are."""
        return len(self.prompts)

    def prompt(self, index: int) -> Prompt:
        """The prompt at `index`, from 0."""
        prompt = self.prompts[index]
        return Prompt(prompt=prompt) if isinstance(prompt, str) else prompt

    def made_bytes(self) -> int:
        """0: all of it stands in the plan."""
        return 0

    def over(self, cap_bytes: int) -> tuple[int, int] | None:
        """Index and bytes of the first prompt over the cap, or None."""
        for index, prompt in enumerate(self.prompts):
            # A character takes four bytes at most: most texts need no encoding.
            if isinstance(prompt, str) and len(prompt) * 4 <= cap_bytes:
                continue
            size_bytes = self.prompt(index).size_bytes()
            if size_bytes > cap_bytes:
                return index, size_bytes
        return None
