"""What a call costs: at most, before it is sent, and as billed, by its row.

USD at the border; inside, whole billionths of a USD (`nano`), so that sums are exact
and the store, whose numbers are whole, keeps them: a token of a cheap model costs a
few dozen of them.
"""

from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from shared.plan import Message
from shared.sample import NOT_BILLED, Sample

NANO = 1_000_000_000

BYTES_PER_TOKEN = 4
"""Of English text in today's vocabularies, roughly; for expected costs alone."""

TEMPLATE_TOKENS = 256
"""Room for what a chat template adds to a conversation."""

TURN_TOKENS = 16
"""Room for what it adds to each turn."""

PREFIX_BYTES = 17
"""What `unique_prefix` puts before a prompt."""


class Price(NamedTuple):
    """Exact USD, conditions at their dearest."""

    prompt: Decimal
    """Per prompt token."""
    completion: Decimal
    """Per completion token, reasoning included."""
    request: Decimal
    """Per call."""

    @property
    def free(self) -> bool:
        """Whether nothing costs anything."""
        return not any(self)

    def or_dearer(self, other: "Price") -> "Price":
        """Of each part the dearer one."""
        return Price(*map(max, self, other))

    def worst_nano(self, prompt_tokens: int, max_tokens: int) -> int:
        """What a call costs at the most, in nano-USD, rounded up.

        prompt_tokens x prompt + max_tokens x completion + request

        >>> dear = Price(Decimal("0.0000025"), Decimal("0.00001"), Decimal(0))
        >>> dear.worst_nano(1000, 512)
        7620000
        """
        usd = prompt_tokens * self.prompt + max_tokens * self.completion + self.request
        return int((usd * NANO).to_integral_value(ROUND_CEILING))


def most_prompt_tokens(turns: tuple[Message, ...], *, prefixed: bool = False) -> int:
    """Tokens of a conversation at the most, by any tokenizer.

    UTF-8 bytes + 256 + 16 for each turn

    A tokenizer that falls back to bytes makes one token of each, never more.
    """
    text_bytes = sum(len(turn.content.encode()) for turn in turns)
    text_bytes += PREFIX_BYTES if prefixed else 0
    return text_bytes + TEMPLATE_TOKENS + TURN_TOKENS * len(turns)


def billed_nano(sample: Sample) -> int | None:
    """What a row says of its call's cost, in nano-USD; None where that is unknown.

    0 where the call cannot have been billed, because nothing was generated.
    """
    if sample.cost_usd is not None:
        return nano(sample.cost_usd)
    return 0 if sample.outcome in NOT_BILLED else None


def nano(usd: float) -> int:
    """Nano-USD, rounded to whole ones.

    >>> nano(1.4e-05)
    14000
    """
    return round(usd * NANO)


def usd(nano_usd: int) -> float:
    """USD of nano-USD.

    >>> usd(14000)
    1.4e-05
    """
    return nano_usd / NANO
