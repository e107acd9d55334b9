"""What a prompt source is."""

from typing import Protocol

from shared.plan.prompts.prompt import Prompt


class Source(Protocol):
    """What is asked: pure functions of the source's fields."""

    @property
    def kind(self) -> str:
        """Its name in a plan."""

    def count(self) -> int:
        """How many prompts there are."""

    def prompt(self, index: int) -> Prompt:
        """The prompt at `index`, from 0."""

    def over(self, cap_bytes: int) -> tuple[int, int] | None:
        """Index and size of a prompt over a cap, or None."""

    def made_bytes(self) -> int:
        """Bytes of text that it makes up, about; 0 where the plan has the texts."""
