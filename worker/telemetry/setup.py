"""The settings of a worker that a result shows; none is a secret."""

from typing import Any

from shared.settings import Settings

_SHOWN = {
    *("openrouter_base_url", "upstream_kind", "max_concurrency", "max_answer_bytes"),
    *("connect_timeout_s", "first_token_timeout_s", "idle_timeout_s"),
    *("total_timeout_s", "lease_s", "heartbeat_s", "drain_s", "outage_s"),
}


def set_as(settings: Settings) -> dict[str, Any]:
    """Evidence for the verdict: who was asked, in which dialect, by which proxy."""
    proxy = settings.upstream_proxy
    return {
        "dialect": settings.upstream.dialect,
        "decided_by": settings.upstream.decided_by,
        "proxy": None if proxy is None else proxy.rpartition("@")[2],
        "settings": settings.model_dump(mode="json", include=_SHOWN),
    }
