"""Every setting, its default and its reason, in one place; `.env.example` mirrors it.

The environment wins over `.env`, which wins over the defaults here. A value that
cannot be understood stops the process at its start with a sentence; a missing key
does not, since `/models` and a local server need none.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import Misconfigured, MissingKey

OPENROUTER = "https://openrouter.ai/api/v1"
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(gt=0)] | None
Usd = Annotated[float, Field(gt=0, le=1_000_000)] | None


class Settings(BaseSettings):
    """One frozen reading of the environment; make it once, hand it on."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    # Upstream
    openrouter_api_key: SecretStr | None = None
    openrouter_api_key_file: Path | None = None
    openrouter_base_url: str = OPENROUTER
    upstream_kind: Literal["auto", "openrouter", "openai"] = "auto"
    upstream_proxy: str | None = None
    upstream_ca_file: Path | None = None
    app_title: str = "llmbench"
    app_referer: str | None = None

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
    redis_url: str | None = None
    allow_volatile: bool = False
    results_dir: Path = Path("results")
    keep_runs_days: Annotated[float, Field(gt=0)] = 7
    results_keep_days: Annotated[float, Field(gt=0)] | None = None
    results_max_gib: Annotated[float, Field(gt=0)] | None = None

    # Deadlines of one call upstream (docs/metrics.md, outcomes)
    connect_timeout_s: Seconds = 10
    first_token_timeout_s: Seconds = 120
    idle_timeout_s: Seconds = 60
    total_timeout_s: Seconds = 600

    # Caps of what a caller may ask; refused before anything is queued
    max_upload_bytes: Annotated[int, Field(gt=0)] = 64 * 1024 * 1024
    max_prompt_bytes: Annotated[int, Field(gt=0)] = 1024 * 1024
    max_prompts: Annotated[int, Field(gt=0)] = 100_000
    max_calls: Annotated[int, Field(gt=0)] = 1_000_000
    max_concurrency: Annotated[int, Field(gt=0)] = 4096
    max_targets: Annotated[int, Field(gt=0)] = 32

    # Limits of the account, over all workers (docs/limits.md); None: none, or for free
    # calls what OpenRouter says
    free_calls_per_minute: Count = None
    free_calls_per_day: Count = None
    max_calls_per_minute: Count = None
    max_calls_per_day: Count = None
    max_calls_in_flight: Count = None

    # Money, in USD (docs/limits.md); None: no ceiling
    max_cost_usd: Usd = None
    max_cost_usd_per_day: Usd = None

    # Caps of what is kept of strangers' text
    max_answer_bytes: Annotated[int, Field(gt=0)] = 64 * 1024
    max_answers_bytes: Annotated[int, Field(gt=0)] = 256 * 1024 * 1024

    # Bills: rows compared with what the upstream billed (docs/reconciliation.md)
    reconcile: bool = False
    reconcile_most: Annotated[int, Field(gt=0, le=10_000)] = 1000

    # Workers
    lease_s: Seconds = 15
    heartbeat_s: Seconds = 5
    reaper_tick_s: Seconds = 2
    drain_s: Seconds = 30
    outage_s: Seconds = 300
    max_shards_per_worker: Annotated[int, Field(gt=0, le=64)] = 8
    spool_dir: Path = Path(".llmbench/spool")

    # What Prometheus asks of a worker (docs/monitoring.md); None: nobody asks
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    metrics_host: str = "127.0.0.1"

    # Servers and logs
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    log_file: Path = Path("server_logs.txt")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_max_bytes: Annotated[int, Field(gt=0)] = 10 * 1024 * 1024

    @field_validator("models_deny", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("openrouter_base_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} must begin with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _lease_outlives_heartbeat(self) -> "Settings":
        if self.lease_s < 2 * self.heartbeat_s:
            raise ValueError(
                f"LEASE_S={self.lease_s:g} must be at least twice"
                f" HEARTBEAT_S={self.heartbeat_s:g}, or one late beat loses the lease"
            )
        return self

    @property
    def speaks_openrouter(self) -> bool:
        """Whether the upstream is taken for OpenRouter (catalogue, prices, routing)."""
        if self.upstream_kind != "auto":
            return self.upstream_kind == "openrouter"
        return "openrouter" in self.openrouter_base_url

    def api_key(self) -> str | None:
        """The upstream key, read anew from its file each time, or None.

        Raises Misconfigured when the file is named and cannot be read.
        """
        if self.openrouter_api_key is not None:
            return self.openrouter_api_key.get_secret_value().strip() or None
        if self.openrouter_api_key_file is None:
            return None
        try:
            return self.openrouter_api_key_file.read_text("utf-8").strip() or None
        except OSError as error:
            raise Misconfigured(
                f"OPENROUTER_API_KEY_FILE={self.openrouter_api_key_file} cannot be"
                f" read ({error.strerror}). Check the path and its permissions."
            ) from None

    def require_key(self) -> str | None:
        """The key, None where the upstream needs none; else raises MissingKey."""
        key = self.api_key()
        if key is None and self.speaks_openrouter:
            raise MissingKey(self.openrouter_base_url)
        return key


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
