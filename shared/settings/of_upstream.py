"""The settings that are of an upstream, and the way to those of another one.

Whatever asks an upstream is given the settings as they hold there (`at`), so that
address, key, limits and prices are always of one and the same.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import MissingKey
from shared.settings import address, credentials, keys, upstreams
from shared.settings.address import Upstream
from shared.settings.called import SETTINGS, Called, of_table
from shared.settings.upstreams import DEFAULT, ListPrice, NamedUpstream

OPENROUTER = "https://openrouter.ai/api/v1"
UPSTREAMS = "upstreams.toml"
"""Read where it lies in the working directory, unless UPSTREAMS_FILE names another."""
Many = Annotated[int, Field(gt=0, le=10**12)]
Count = Many | None


def checked_by(check: Callable[[str], None]) -> AfterValidator:
    """A validator of texts that raises what `check` raises; spaces around are cut."""

    def checked(text: str) -> str:
        check(text.strip())
        return text.strip()

    return AfterValidator(checked)


class OfUpstream(BaseSettings):
    """One upstream: by default that of the settings themselves."""

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
        Annotated[str, checked_by(credentials.check_proxy)] | None, Field(repr=False)
    ] = None
    upstream_ca_file: Path | None = None
    upstreams_file: Path | None = None

    # Limits of the account, over all workers (docs/limits.md); None: none, or for free
    # calls what OpenRouter says, unless `free_limits` is off
    free_limits: Literal["auto", "off"] = "auto"
    free_calls_per_minute: Count = None
    free_calls_per_day: Count = None
    max_calls_per_minute: Count = None
    max_calls_per_day: Count = None
    max_calls_in_flight: Count = None

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

    _found: Upstream | None = PrivateAttr(default=None)

    def with_upstream(self, found: Upstream) -> Self:
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
        if self._named is not None and (self._named.key_env or self._named.key_file):
            return True
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
            key = self.openrouter_api_key.get_secret_value().strip()
            if self._named is not None and key:  # that of the settings was looked at
                keys.check(key, self.called.key)
            return key or None
        if self.openrouter_api_key_file is None:
            return None
        return keys.read(self.openrouter_api_key_file, self.called)

    def require_key(self) -> str | None:
        """The key, None where the upstream needs none; else raises MissingKey."""
        key = self.api_key()
        if key is None and self.needs_key:
            raise MissingKey(self.openrouter_base_url, self.called.key)
        return key

    # -- upstreams by name ---------------------------------------------------------

    _file: dict[str, NamedUpstream] = PrivateAttr(default_factory=dict)
    _name: str = PrivateAttr(default=DEFAULT)

    @model_validator(mode="after")
    def _read_upstreams(self) -> Self:
        path = self.upstreams_file or Path(UPSTREAMS)
        if self.upstreams_file is not None or path.is_file():
            self._file = upstreams.read(path)
        return self

    @property
    def upstream_names(self) -> tuple[str, ...]:
        """The upstreams that can be asked: `default`, and those of UPSTREAMS_FILE."""
        return (DEFAULT, *self._file)

    @property
    def upstream_name(self) -> str:
        """The upstream for which these settings hold."""
        return self._name

    @property
    def _named(self) -> NamedUpstream | None:
        return self._file.get(self._name)

    @property
    def upstream_headers(self) -> dict[str, str]:
        """What each request there carries beside what every request does."""
        return {} if self._named is None else self._named.headers

    @property
    def upstream_prices(self) -> dict[str, ListPrice]:
        """By model, `*` for all others: where the upstream lists none."""
        return {} if self._named is None else self._named.prices

    @property
    def upstream_variables(self) -> frozenset[str]:
        """The variables that UPSTREAMS_FILE names."""
        return frozenset(name for one in self._file.values() for name in one.variables)

    @property
    def called(self) -> Called:
        """What the parts of this upstream are called where they are set."""
        if self._named is None:
            return SETTINGS
        file = self.upstreams_file or Path(UPSTREAMS)
        return of_table(self._name, file.name, self._named.key_env)

    def at(self, name: str) -> Self:
        """The settings as they hold at one upstream: all that is of an upstream is
        that one's, its key above all; the rest is the process's.

        Raises KeyError for an upstream that there is not.
        """
        if name == self._name:
            return self
        if name == DEFAULT:
            raise KeyError("only the settings of the process lead to the others")
        own, env_file = self._file[name], self.model_config.get("env_file")
        env_file = env_file if isinstance(env_file, str) else None
        key, proxy = (
            None if each is None else upstreams.variable(each, env_file)
            for each in (own.key_env, own.proxy_env)
        )
        fields = OfUpstream.model_fields
        nothing = {name: field.default for name, field in fields.items()}
        known = self.model_copy(
            update=nothing
            | {
                "upstreams_file": self.upstreams_file,
                "openrouter_api_key": None if key is None else SecretStr(key),
                "openrouter_api_key_file": own.key_file,
                "openrouter_base_url": own.base_url,
                "upstream_kind": own.kind,
                "upstream_max_tokens_field": own.max_tokens_field,
                "upstream_stream_options": own.stream_options,
                "upstream_proxy": proxy or own.proxy,
                "upstream_ca_file": own.ca_file,
                "free_limits": own.free_limits,
                "max_calls_per_minute": own.limits.per_minute,
                "max_calls_per_day": own.limits.per_day,
                "max_calls_in_flight": own.limits.in_flight,
            }
        )
        known._name, known._found = name, None
        return known
