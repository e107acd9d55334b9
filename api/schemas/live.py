"""What a benchmark's body shows of its calls while it runs."""

from pydantic import BaseModel, Field


class LiveFigures(BaseModel):
    """Calls so far: points without intervals, for whoever watches."""

    ok: int = Field(description="Closed with an answer.")
    failed: int = Field(description="Closed, and not `ok`.")
    ttft_p50_s: float | None = Field(description="Of those `ok`; null: none has it.")
    latency_p50_s: float | None = Field(description="Of those `ok`, in seconds.")


class LiveTarget(LiveFigures):
    """Calls of one target, of all steps."""

    target: str = Field(description="Its model, perhaps at a provider.")


class LiveStep(LiveFigures):
    """Calls of one step."""

    step: int = Field(description="Its number, from 0.")
    name: str = Field(description="What it holds.", examples=["concurrency 8"])
    warmup: bool = Field(description="Its calls are in no figure of the result.")


class LiveFailure(BaseModel):
    """Calls that failed in one way, retried ones too."""

    outcome: str = Field(description="How they ended: one of the outcomes.")
    calls: int = Field(description="How many.")
    error: str | None = Field(description="The sentence of the newest of them.")


class Live(BaseModel):
    """Figures of the newest rows, at most 2,000: how it goes, and no result."""

    rows: int = Field(description="What all this is of, warm-up too.")
    calls_per_s: float | None = Field(
        description="Calls that ended, over the last 10 s, or as long as 20 took."
    )
    open_calls: int | None = Field(
        description="About how many are open: slots in hand, up to the load's lanes;"
        " of an open load, rate times mean latency."
    )
    eta_s: float | None = Field(
        description="A guess of what is left, at the present rate or by the plan's"
        " time. Null where nobody can tell: a search, or nothing ended yet."
    )
    targets: list[LiveTarget] = Field(description="Without warm-up.")
    steps: list[LiveStep] = Field(description="Those that have rows here, in order.")
    failures: list[LiveFailure] = Field(description="At most 20, the commonest first.")
