"""What a model and a provider are: how fast they speak and what they charge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.pace import Pace

ORDINARY = Pace(ttft_s=0.1, gap_s=0.01, tokens=32, spread=0.1)


@dataclass(frozen=True, slots=True)
class Provider:
    """A house that runs models. Factors multiply a model's own times and prices."""

    name: str
    tag: str
    stops_when_cancelled: bool
    slowness: float = 1.0
    dearness: Decimal = Decimal(1)
    status: int = 0
    """As it is listed; under 0 nothing is routed there unless it is pinned."""
    uptime_30m: float = 99.41
    """Per cent, as it is listed."""

    @property
    def slug(self) -> str:
        return self.tag.partition("/")[0]


HARBOR = Provider("Harbor", "harbor/fp8", True)
KESTREL = Provider("Kestrel", "kestrel/bf16", True, 0.6, Decimal(3))
MERIDIAN = Provider("Meridian", "meridian/int4", False, 1.7, Decimal("0.5"))
PROVIDERS = (HARBOR, KESTREL, MERIDIAN)
PELICAN = Provider("Pelican", "pelican/fp8", True, 0.8)
HERON = Provider("Heron", "heron/fp8", True, 1.25)
ALIKE = (PELICAN, HERON)
"""Of one price, so that a router sends each half of the calls."""
SHOAL = Provider("Shoal", "shoal/fp4", True, 2.0, Decimal("0.4"), status=-2)
TIDEWAY = Provider(
    "Tideway", "tideway/fp8", True, dearness=Decimal("0.6"), uptime_30m=61.5
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row of the catalogue and the character behind it. Prices: USD per token."""

    id: str
    name: str
    says: str = "A simulated model."
    pace: Pace = ORDINARY
    reasoning_tokens: int = 0
    reasoning_mandatory: bool = False
    judges: bool = False
    """It says yes or no to a rubric, and nothing else."""
    prompt_usd: Decimal = Decimal(0)
    completion_usd: Decimal = Decimal(0)
    dearer_after: tuple[int, Decimal, Decimal] | None = None
    """(prompt tokens, prompt price, completion price) for longer prompts."""
    providers: tuple[Provider, ...] = (HARBOR,)
    context_length: int = 131_072
    max_completion_tokens: int | None = None
    served_by: str | None = None
    """The model that really answers, for routers and aliases."""
    refusal: str | None = None
    """The named error with which it meets every call."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """Keys of its catalogue row that differ from an ordinary text model's."""

    @property
    def free(self) -> bool:
        return self.id.endswith(":free")

    def prices_usd(self, prompt_tokens: int, provider: Provider) -> tuple[Decimal, ...]:
        """(prompt, completion) in USD per token, as billed."""
        prices = (self.prompt_usd, self.completion_usd)
        if self.dearer_after and prompt_tokens > self.dearer_after[0]:
            prices = self.dearer_after[1:]
        return tuple(price * provider.dearness for price in prices)


JUDGE = Model(
    id="acme/judge",
    name="Acme: Judge",
    says="Judges answers: yes where what a rubric quotes stands in one, else no.",
    pace=Pace(ttft_s=0.05, gap_s=0.005, tokens=1, spread=0.1),
    prompt_usd=Decimal("0.0000001"),
    completion_usd=Decimal("0.0000004"),
    judges=True,
)
