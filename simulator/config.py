"""What one simulator is told when it starts."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that may differ between two simulators.

    `None` for a pace means that each model keeps its own.
    """

    seed: int = 0
    ttft_s: float | None = None
    gap_s: float | None = None
    tokens: int | None = None
    spread: float | None = None

    comment_every_s: float = 0.5
    """Between `: OPENROUTER PROCESSING` comments before the first token; 0 is none."""
    padding_after_s: float = 1.0
    """A reply that is not streamed and takes longer begins with blanks from here on."""
    padding_every_s: float = 0.42

    free_per_day: int | None = None
    """Calls to `:free` models in a UTC day: 50 or 1000. None switches limits off."""
    free_per_minute: int = 20
    pools: tuple[tuple[str, float], ...] = field(default=())
    """(model, calls that its shared pool takes a minute); others take any number."""
    pool_retry_after: str | None = None
    """The hint of a pool that is full, as `rate-limited-upstream` gives it."""
    router_calls: float | None = None
    """An unpinned model stays with one provider for about so many calls. None: each
    call draws its own."""
    generation_after_s: float = 1.0
    """`GET /generation` answers 404 for so long after a reply has ended."""
    free_generations_never: bool = False
    """`GET /generation` answers 404 for ever for `:free` models."""

    weather: tuple[tuple[str, float], ...] = field(default=())
    """(fault, share of calls) that strike by a seeded draw, at most one a call."""
    list_faults: bool = False
    """Whether `GET /models` also lists the `fault/...` models."""
    ledger_cap: int = 50_000
    """Records kept, about 1 KiB each; older ones are forgotten and counted."""


TYPICAL_WEATHER: tuple[tuple[str, float], ...] = (
    ("rate-limited-upstream", 0.05),
    ("rate-limited-upstream;retry_after=2", 0.05),
    ("mid-stream-error", 0.01),
    ("error-in-200", 0.01),
    ("empty", 0.01),
)
"""A day on shared free pools: every tenth call is throttled, few fail otherwise."""
