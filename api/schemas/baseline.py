"""The bodies of baselines."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.fields import Moment


class NewBaseline(BaseModel):
    """Which benchmark a name shall stand for."""

    model_config = ConfigDict(extra="forbid")

    job: str = Field(
        min_length=4,
        max_length=26,
        description="One that has ended: its id, or the beginning of it.",
        examples=["01JZ8M5T7Q4W9E2R6Y8V0B3N5C"],
    )


class NamedRun(BaseModel):
    """A baseline: a name, and the benchmark that it stands for."""

    name: str = Field(description="Its name.", examples=["main"])
    job_id: str = Field(
        description="The benchmark.", examples=["01JZ8M5T7Q4W9E2R6Y8V0B3N5C"]
    )
    set_at: Moment = Field(description="Since when the name stands for it.")
    created_at: Moment | None = Field(
        description="When the benchmark was queued. Null, as what follows, where its"
        " files are not in this server's RESULTS_DIR."
    )
    targets: list[str] = Field(description="Whom it asked.", examples=[["acme/orca"]])
    calls: int | None = Field(description="Its calls, warm-up left out.")
    verdict: Literal["valid", "suspect", "invalid"] | None = Field(
        description="Whether it can be believed."
    )
    warnings: list[str] = Field(description="Why it may be a poor measure of others.")


class Baselines(BaseModel):
    """All baselines."""

    baselines: list[NamedRun] = Field(description="By name.")
