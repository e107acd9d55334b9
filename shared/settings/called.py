"""What the parts of an upstream are called where they are set, for sentences that tell
somebody what to change: the settings' own upstream has variables, the others a table of
`upstreams.toml`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Called:
    """Names to write into a sentence."""

    key: str = "OPENROUTER_API_KEY"
    key_file: str = "OPENROUTER_API_KEY_FILE"
    key_place: str = ".env"
    """Where the key, or the name of its variable, is written."""
    base_url: str = "OPENROUTER_BASE_URL"
    kind_field: str = "UPSTREAM_KIND"
    kind: str = "UPSTREAM_KIND=openrouter"
    """What to write where it is an OpenRouter."""
    free_limits: str = "FREE_LIMITS"
    proxy: str = "UPSTREAM_PROXY"
    ca_file: str = "UPSTREAM_CA_FILE"


SETTINGS = Called()


def of_table(name: str, file: str, key_env: str | None) -> Called:
    """The names of an upstream that `file` names.

    >>> of_table("vllm", "upstreams.toml", None).base_url
    '`base_url` of [vllm] in upstreams.toml'
    """
    where = f"of [{name}] in {file}"
    return Called(
        key=key_env or f"key (`key_env` or `key_file` {where})",
        key_file=f"`key_file` {where}",
        key_place=".env" if key_env else "its place",
        base_url=f"`base_url` {where}",
        kind_field=f"`kind` {where}",
        kind=f'kind = "openrouter" for [{name}] in {file}',
        free_limits=f"`free_limits` {where}",
        proxy=f"`proxy` {where}",
        ca_file=f"`ca_file` {where}",
    )
