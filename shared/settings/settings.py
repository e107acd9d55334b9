"""Every setting, its default and its reason, in one place; `.env.example` mirrors it.

The environment wins over `.env`, which wins over the defaults here. A value that
cannot be understood stops the process at its start with a sentence (`startup`); a
missing key does not, since `/models` and a local server need none.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from shared.errors import Misconfigured
from shared.settings import credentials
from shared.settings.access import AccessSettings
from shared.settings.credentials import Wrong
from shared.settings.of_upstream import Many, OfUpstream, checked_by

Seconds = Annotated[float, Field(ge=0.01, le=86_400)]
Days = Annotated[float, Field(ge=0.001, le=36_500)]
Bytes = Annotated[int, Field(gt=0, le=2**40)]
Usd = Annotated[float, Field(gt=0, le=1_000_000)] | None
Header = Annotated[str, checked_by(credentials.check_header)]


class Settings(AccessSettings, OfUpstream):  # the last one's configuration holds
    """One frozen reading of the environment; make it once, hand it on. What is of an
    upstream is in `of_upstream`."""

    app_title: Header = "llmbench"
    app_referer: Header | None = None

    # Catalogue
    models_filter: Literal["free", "all"] = "free"
    models_deny: Annotated[tuple[str, ...], NoDecode] = (
        "*content-safety*",
        "*guard*",
        "*moderation*",
        "*shieldgemma*",
    )
    models_refresh_s: Seconds = 600

    # Store and outputs
    redis_url: Annotated[
        Annotated[str, checked_by(credentials.check_store)] | None, Field(repr=False)
    ] = None
    allow_volatile: bool = False
    results_dir: Path = Path("results")
    keep_runs_days: Days = 7
    results_keep_days: Days | None = None
    results_max_gib: Annotated[float, Field(gt=0, le=1_000_000)] | None = None

    # Deadlines of one call upstream (docs/metrics.md, outcomes)
    connect_timeout_s: Seconds = 10
    first_token_timeout_s: Seconds = 120
    idle_timeout_s: Seconds = 60
    total_timeout_s: Seconds = 600

    # Caps of what a caller may ask; refused before anything is queued
    max_upload_bytes: Bytes = 64 * 1024 * 1024
    max_prompt_bytes: Bytes = 1024 * 1024
    max_prompts: Many = 100_000
    max_calls: Many = 1_000_000
    max_concurrency: Annotated[int, Field(gt=0, le=100_000)] = 4096
    max_targets: Annotated[int, Field(gt=0, le=10_000)] = 32

    # Money, in USD (docs/limits.md); None: no ceiling
    max_cost_usd: Usd = None
    max_cost_usd_per_day: Usd = None

    # Caps of what is kept of strangers' text
    max_answer_bytes: Bytes = 64 * 1024
    max_answers_bytes: Bytes = 256 * 1024 * 1024

    # Bills: rows compared with what the upstream billed (docs/reconciliation.md)
    reconcile: bool = False
    reconcile_most: Annotated[int, Field(gt=0, le=10_000)] = 1000

    # Judges: calls that are open at once to those of one run (docs/checks.md)
    judge_concurrency: Annotated[int, Field(gt=0, le=256)] = 8

    # Workers
    lease_s: Seconds = 15
    heartbeat_s: Seconds = 5
    reaper_tick_s: Seconds = 2
    drain_s: Seconds = 30
    outage_s: Seconds = 300
    max_shards_per_worker: Annotated[int, Field(gt=0, le=64)] = 8
    spool_dir: Path = Path(".llmbench/spool")
    heartbeat_file: Path | None = None

    # What Prometheus asks of a worker (docs/monitoring.md); None: nobody asks
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    metrics_host: str = "127.0.0.1"

    # Servers and logs
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    log_file: Path = Path("server_logs.txt")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_max_bytes: Bytes = 10 * 1024 * 1024
    access_log: bool = False

    @field_validator("models_deny", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _lease_outlives_heartbeat(self) -> "Settings":
        if self.lease_s < 2 * self.heartbeat_s:
            raise Wrong(
                f"LEASE_S={self.lease_s:g} is less than twice"
                f" HEARTBEAT_S={self.heartbeat_s:g}: one late beat loses the lease.",
                f"Set LEASE_S={2 * self.heartbeat_s:g} or more.",
                setting="LEASE_S",
            )
        return self

    def secrets(self) -> tuple[str, ...]:
        """Every text of these settings that nobody may see; () when there is none."""
        found = [*credentials.passwords(self.redis_url)]
        for each in map(self.at, self.upstream_names):
            found += credentials.passwords(each.upstream_proxy)
            with suppress(Misconfigured):  # said where the key is needed
                found += filter(None, (each.api_key(),))
        return tuple(found)
