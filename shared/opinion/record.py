"""One opinion, as the store has it; and an answer as it was kept for that."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from shared.checks import Word, quoted

MOST_BYTES = 65_536
"""Of an answer as it is quoted for a judge: a longer one is not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one judge said of one answer, and what that cost."""

    step: int
    slot: int
    judge: int
    """Its place among the judges of the prompt, from 0."""
    name: str
    """As rows call the check."""
    model: str
    """Who judged, as the plan names it."""
    word: Word | None
    """None: unknown."""
    why: str | None = None
    """Of what is unknown: `unclear`, or the outcome of a call that failed."""
    status: int | None = None
    """HTTP status."""
    calls: int = 1
    """That were made for it: what was throttled was asked again."""
    cost_usd: float | None = None
    """Of all of them, as far as they say."""
    latency_s: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    served_model: str | None = None
    provider: str | None = None
    generation_id: str | None = None
    text: str = ""
    """What the judge replied."""

    @property
    def place(self) -> tuple[int, int, int]:
        """What tells it from all others of its run."""
        return self.step, self.slot, self.judge


def encode(opinion: Opinion) -> bytes:
    """For the store."""
    return to_json(asdict(opinion))


def decode(text: bytes) -> Opinion:
    """The opinion again."""
    return Opinion(**from_json(text))


class Kept(NamedTuple):
    """An answer as the store has it."""

    place: tuple[int, int, int]
    """(step, slot, attempt)."""
    text: str
    is_whole: bool
    """It may be judged: nothing of its text is missing."""


def kept_of(answer: bytes) -> Kept:
    """As a worker wrote it."""
    said: dict[str, Any] = from_json(answer)
    place = said["step"], said["slot"], said["attempt"]
    text: str = said["text"]
    fits = 0 < len(quoted(text).encode(errors="replace")) - 2 <= MOST_BYTES
    return Kept(place, text, fits and not said["cut"])
