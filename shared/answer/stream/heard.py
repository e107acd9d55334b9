"""What an answer has said so far, whatever form it has."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from shared.answer import refusal as complaint
from shared.answer.dialects.chat import Dialect
from shared.answer.refusal import Json
from shared.answer.reply import Chunk
from shared.answer.stream.lenient import Halves
from shared.sample import Note

USAGE = (
    *("prompt_tokens", "output_tokens", "reasoning_tokens", "cached_tokens"),
    *("total_tokens", "cost_usd"),
)
_FACTS = (*USAGE, "finish_reason", "provider", "served_model", "generation_id")
"""Fields of a Chunk of which the last that is said counts."""

_facts = attrgetter(*_FACTS)


class Heard:
    """Text, facts and complaints, gathered from one event after another or from one
    document."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.texts: list[str] = []
        self.reasonings: list[str] = []
        self._text_halves = Halves()
        self._reasoning_halves = Halves()
        self.calls_tool = False
        self.facts: dict[str, Any] = {}
        self.notes: set[Note] = set()
        self.refused = False
        self.problem: str | None = None
        """The sentence of the first error that came inside a 200."""
        self.code: int | None = None
        """The status that it names."""
        self.complaint: Any = None
        """The error itself."""
        self.garbage: str | None = None
        """What of it was not what was agreed on, as a sentence."""

    def take(self, said: Json) -> Chunk:
        """Keep what an event or a document says besides text and reasoning."""
        chunk = self._dialect.read(said)
        for name, value in zip(_FACTS, _facts(chunk), strict=True):
            # A zero after a count, or after a cost, is a form that nobody filled in.
            if value or (value is not None and not self.facts.get(name)):
                self.facts[name] = value
        self.notes.update(chunk.notes)
        self.calls_tool = self.calls_tool or chunk.calls_tool
        self.refused = self.refused or chunk.refused
        if chunk.error is not None and self.problem is None:
            self.problem, self.code = chunk.error, chunk.error_code
            self.complaint = chunk.complaint
        return chunk

    def complain(self, error: Any) -> None:
        """Keep an error that is known by its place, such as an event named `error`."""
        if self.problem is None:
            self.problem, self.code = complaint.sentence(error), complaint.code(error)
            self.complaint = error
            self.refused = self.refused or complaint.moderated(error)

    def say(self, text: str, reasoning: str) -> str:
        """Keep text and reasoning; returns as much of the text as can be told by now,
        which is all but half of a character."""
        if text:
            if self._text_halves.waits or not text.isascii():
                text = self._text_halves.join(text)
            self.texts.append(text)
        if reasoning:
            if self._reasoning_halves.waits or not reasoning.isascii():
                reasoning = self._reasoning_halves.join(reasoning)
            self.reasonings.append(reasoning)
        return text

    def say_all(self, texts: Sequence[str], reasonings: Sequence[str]) -> list[str]:
        """`say` each of them, where none holds half a character; returns the text."""
        if self._text_halves.waits or self._reasoning_halves.waits:
            told = [self.say(text, "") for text in texts]
            for reasoning in reasonings:
                self.say("", reasoning)
            return told
        self.texts += texts
        self.reasonings += reasonings
        return [*texts]

    def end(self) -> None:
        """No more will be said."""
        self.texts.append(self._text_halves.flush())
        self.reasonings.append(self._reasoning_halves.flush())
