"""Every setting, its default and its reason, in one place; `.env.example` mirrors it.

The environment wins over `.env`, which wins over the defaults here. A value that
cannot be understood stops the process at its start with a sentence (`startup`); a
missing key does not, since `/models` and a local server need none.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import Misconfigured, MissingKey
from shared.settings import address, credentials
from shared.settings.address import Upstream
from shared.settings.credentials import MOST_KEY_BYTES, Wrong

OPENROUTER = "https://openrouter.ai/api/v1"
Seconds = Annotated[float, Field(ge=0.01, le=86_400)]
Days = Annotated[float, Field(ge=0.001, le=36_500)]
Many = Annotated[int, Field(gt=0, le=10**12)]
Count = Many | None
Bytes = Annotated[int, Field(gt=0, le=2**40)]
Usd = Annotated[float, Field(gt=0, le=1_000_000)] | None


def _checked(check: Callable[[str], None]) -> AfterValidator:
    """A validator of texts that raises what `check` raises; spaces around are cut."""

    def checked(text: str) -> str:
        check(text.strip())
        return text.strip()

    return AfterValidator(checked)


_FILE = "The file that OPENROUTER_API_KEY_FILE names"
Header = Annotated[str, _checked(credentials.check_header)]


class Settings(BaseSettings):
    """One frozen reading of the environment; make it once, hand it on."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some editors put a mark before the first name
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret, in the wrong place perhaps
    )

    # Upstream
    openrouter_api_key: SecretStr | None = None
    openrouter_api_key_file: Annotated[Path | None, Field(repr=False)] = None
    openrouter_base_url: str = OPENROUTER
    upstream_kind: Literal["auto", "openrouter", "openai"] = "auto"
    upstream_max_tokens_field: Literal[
        "auto", "max_tokens", "max_completion_tokens", "none"
    ] = "auto"
    upstream_stream_options: Literal["auto", "on", "off"] = "auto"
    upstream_proxy: Annotated[
        Annotated[str, _checked(credentials.check_proxy)] | None, Field(repr=False)
    ] = None
    upstream_ca_file: Path | None = None
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
        Annotated[str, _checked(credentials.check_store)] | None, Field(repr=False)
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

    # Limits of the account, over all workers (docs/limits.md); None: none, or for free
    # calls what OpenRouter says, unless `free_limits` is off
    free_limits: Literal["auto", "off"] = "auto"
    free_calls_per_minute: Count = None
    free_calls_per_day: Count = None
    max_calls_per_minute: Count = None
    max_calls_per_day: Count = None
    max_calls_in_flight: Count = None

    # Money, in USD (docs/limits.md); None: no ceiling
    max_cost_usd: Usd = None
    max_cost_usd_per_day: Usd = None

    # Caps of what is kept of strangers' text
    max_answer_bytes: Bytes = 64 * 1024
    max_answers_bytes: Bytes = 256 * 1024 * 1024

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

    @field_validator("openrouter_base_url")
    @classmethod
    def _base_of_an_api(cls, value: str) -> str:
        return address.checked(value)

    @field_validator("openrouter_api_key")
    @classmethod
    def _can_be_sent(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (key := value.get_secret_value().strip()):
            credentials.check_key(key)
        return value

    @model_validator(mode="after")
    def _lease_outlives_heartbeat(self) -> "Settings":
        if self.lease_s < 2 * self.heartbeat_s:
            raise Wrong(
                f"LEASE_S={self.lease_s:g} is less than twice"
                f" HEARTBEAT_S={self.heartbeat_s:g}: one late beat loses the lease.",
                f"Set LEASE_S={2 * self.heartbeat_s:g} or more.",
            )
        return self

    _found: Upstream | None = PrivateAttr(default=None)

    def with_upstream(self, found: Upstream) -> "Settings":
        """The same, of a process that has met its upstream (`shared.upstream.contact`):
        what depends on who that is follows from `found`."""
        known = self.model_copy(update={"openrouter_base_url": found.base_url})
        known._found = found
        return known

    @property
    def upstream(self) -> Upstream:
        """Who is asked, as far as it is known: by the setting, by the host, or a guess
        until the upstream was met."""
        if self._found is not None:
            return self._found
        url = self.openrouter_base_url
        if self.upstream_kind != "auto":
            kind = self.upstream_kind
            return Upstream(base_url=url, dialect=kind, decided_by="setting")
        if address.is_openrouters(url):
            return Upstream(base_url=url, dialect="openrouter", decided_by="host")
        sounds = "openrouter" in url.lower()
        return Upstream(
            base_url=url,
            dialect="openrouter" if sounds else "openai",
            decided_by="guess",
        )

    @property
    def speaks_openrouter(self) -> bool:
        """Whether it is taken for OpenRouter (prices, routing, free limits)."""
        return self.upstream.dialect == "openrouter"

    @property
    def needs_key(self) -> bool:
        """Whether no call can succeed without a key. A mirror may add one of its own,
        and a local server wants none: there the first 401 tells."""
        return self.upstream_kind == "openrouter" or (
            self.upstream_kind == "auto"
            and address.is_openrouters(self.openrouter_base_url)
        )

    def api_key(self) -> str | None:
        """The upstream key, read anew from its file each time, or None.

        Raises Misconfigured when the file is named and cannot be read, or holds what is
        no key. The sentence does not show what was set: it may be the key itself.
        """
        if self.openrouter_api_key is not None:
            return self.openrouter_api_key.get_secret_value().strip() or None
        if self.openrouter_api_key_file is None:
            return None
        try:
            with self.openrouter_api_key_file.open("rb") as file:
                key = file.read(2 * MOST_KEY_BYTES).decode("utf-8-sig").strip()
            if key:
                credentials.check_key(key)
        except Wrong as error:
            raise Misconfigured(f"{_FILE}: {error}") from None
        except UnicodeDecodeError:
            raise Misconfigured(
                f"{_FILE} is no text. It must hold the key alone."
            ) from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no path"
            raise Misconfigured(
                f"{_FILE} cannot be read ({why}). Check the path and its permissions; a"
                " key itself belongs into OPENROUTER_API_KEY."
            ) from None
        return key or None

    def require_key(self) -> str | None:
        """The key, None where the upstream needs none; else raises MissingKey."""
        key = self.api_key()
        if key is None and self.needs_key:
            raise MissingKey(self.openrouter_base_url)
        return key

    def secrets(self) -> tuple[str, ...]:
        """Every text of these settings that nobody may see; () when there is none."""
        try:
            key = self.api_key()
        except Misconfigured:  # said where the key is needed
            key = None
        return (
            *((key,) if key else ()),
            *credentials.passwords(self.redis_url),
            *credentials.passwords(self.upstream_proxy),
        )
