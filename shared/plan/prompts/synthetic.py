"""Made-up prompts of wanted lengths, where one has none of one's own."""

from hashlib import shake_128
from typing import Literal

from pydantic import Field

from shared.fields import MOST, Frozen, Number, Seed, Whole, without_default
from shared.plan.prompts.lengths import Fixed, Length
from shared.plan.prompts.prompt import Prompt
from shared.plan.prompts.words import WORDS

WORDS_PER_TOKEN = 0.75
"""A rule of thumb for English in today's vocabularies; `calibrate` gives the truth."""

_LONGEST_WORD = max(map(len, WORDS))
_MEAN_WORD = sum(len(word) + 1 for word in WORDS) / len(WORDS)


class SyntheticPrompts(Frozen):
    """Texts of common English words, with lengths drawn from distributions.

    Lengths are aimed at in words, since each model has a tokenizer of its own: a row's
    `prompt_tokens` says what the upstream counted, and `calibrate` brings the next
    plan nearer. Prompt i is a pure function of (seed, i).
    """

    kind: Literal["synthetic"] = Field(
        default="synthetic", description="Texts made up from a list of words."
    )
    number: Whole = Field(
        default=100,
        ge=1,
        le=MOST,
        description="How many different prompts.",
        examples=[100],
    )
    input_tokens: Length = Field(
        default=Fixed(value=256),
        description="How long the prompts are, in tokens; by default 256 each.",
        json_schema_extra=without_default,
        examples=[{"kind": "lognormal", "median": 300, "sigma": 0.7}],
    )
    output_tokens: Length | None = Field(
        default=None,
        description="How long the answers may be, in tokens: each prompt's own"
        " `max_tokens`, and its text asks for as much. None: the plan's `max_tokens`.",
        examples=[{"kind": "uniform", "low": 64, "high": 256}],
    )
    words_per_token: Number = Field(
        default=WORDS_PER_TOKEN,
        ge=0.1,
        le=2,
        description="Words that make a token of the models asked; see `calibrate`.",
        examples=[0.75],
    )
    seed: Seed = Field(
        default=0, description="Other seeds give other texts.", examples=[7]
    )

    def count(self) -> int:
        """How many prompts there are."""
        return self.number

    def prompt(self, index: int) -> Prompt:
        """The prompt at `index`, from 0.

        Its text has round(tokens x words_per_token) words, and never fewer than the
        seven of the line that asks for an answer's length where there is one.
        Raises IndexError past the last.
        """
        if not 0 <= index < self.number:
            raise IndexError(f"prompt {index} is not among {self.number}")
        # SHAKE gives as many bytes as asked, the same ones first: 16 for the lengths,
        # then one per word.
        stream = shake_128(f"synthetic:{self.seed}:{index}".encode())
        draws = stream.digest(16)
        words = self._words(self.input_tokens.at(_share(draws[:8])))
        if self.output_tokens is None:
            return Prompt(prompt=_text(stream.digest(16 + words)[16:]))
        max_tokens = self.output_tokens.at(_share(draws[8:]))
        line = f"Continue this text for about {self._words(max_tokens)} words:"
        rest = max(words - len(line.split()), 0)
        text = _text(stream.digest(16 + rest)[16:])
        return Prompt(prompt=f"{line}\n{text}".strip(), max_tokens=max_tokens)

    def made_bytes(self) -> int:
        """Bytes of all prompts together, by the mean word; lengths are drawn for it,
        and no text is made."""
        draws = (
            shake_128(f"synthetic:{self.seed}:{index}".encode()).digest(8)
            for index in range(self.number)
        )
        words = sum(self._words(self.input_tokens.at(_share(draw))) for draw in draws)
        return round(words * _MEAN_WORD)

    def over(self, cap_bytes: int) -> tuple[int, int] | None:
        """Index 0 and the bytes that the longest prompt may take if over the cap.

        By the distribution's upper end and the longest word: no text is made for it.
        """
        size_bytes = (self._words(self.input_tokens.most()) + 7) * (_LONGEST_WORD + 1)
        return (0, size_bytes) if size_bytes > cap_bytes else None

    def _words(self, tokens: int) -> int:
        return max(1, round(tokens * self.words_per_token))


def _share(draw: bytes) -> float:
    """Eight bytes as a number between 0 and 1, neither of them: quantiles need that."""
    return ((int.from_bytes(draw, "little") >> 12) + 0.5) / 2**52


def _text(draws: bytes) -> str:
    return " ".join(map(WORDS.__getitem__, draws))


def calibrate(words: int, reported_tokens: int) -> float:
    """Words per token of a model, from a finished run.

    words / reported_tokens

    words: sum over calls of `len(text.split())`; reported_tokens: sum over the same
    calls of the `prompt_tokens` that the upstream reported. The few tokens that a chat
    template adds to each call count as the prompt's, so take prompts of 200 words and
    more. Raises ValueError unless both are positive.

    >>> calibrate(750, 1000)
    0.75
    """
    if words <= 0 or reported_tokens <= 0:
        raise ValueError(
            f"{words} words and {reported_tokens} tokens say nothing of their relation;"
            " take calls that reported their usage"
        )
    return words / reported_tokens
