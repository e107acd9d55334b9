"""The settings of a worker that a result shows; none is a secret."""

from collections.abc import Sequence
from typing import Any

from shared.settings import Settings

_SHOWN = {
    *("openrouter_base_url", "upstream_kind", "max_concurrency", "max_answer_bytes"),
    *("connect_timeout_s", "first_token_timeout_s", "idle_timeout_s"),
    *("total_timeout_s", "lease_s", "heartbeat_s", "drain_s", "outage_s"),
}


def set_as(at: Sequence[Settings]) -> dict[str, Any]:
    """Evidence for the verdict: who was asked, in which dialect, by which proxy.

    at: the settings at each upstream of the run; of several it is told beside."""
    first = at[0]
    proxies = dict.fromkeys(one.upstream_proxy for one in at if one.upstream_proxy)
    shown = [proxy.rpartition("@")[2] for proxy in proxies]
    found = {
        "dialect": first.upstream.dialect,
        "decided_by": first.upstream.decided_by,
        "proxy": ", ".join(shown) or None,
        "settings": first.model_dump(mode="json", include=_SHOWN),
    }
    if len(at) > 1:
        found["upstreams"] = {one.upstream_name: _told(one) for one in at}
    return found


def _told(settings: Settings) -> dict[str, str]:
    found = settings.upstream
    base_url, dialect, decided_by = found.base_url, found.dialect, found.decided_by
    return {"base_url": base_url, "dialect": dialect, "decided_by": decided_by}
