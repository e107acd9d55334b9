"""GET /metrics: runs, workers, requests; and what is told while the store is away."""

import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message, Receive, Scope, Send

from api.parts import CountedRequests, Traffic
from shared.run import Ending
from shared.store import embedded
from tests.api.client import Played, submit
from tests.api.server import Api, Start

HANG_S = 7.0
"""2.5 s are promised; a command that gets no answer takes a while to give up."""


def told(api: Api) -> dict[str, float]:
    """Each series with its labels, as in the text: `name{a="b"}` -> value."""
    answer = api.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return read(answer.text)


def read(text: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f'{k}="{v}"' for k, v in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


def grown(before: dict[str, float], after: dict[str, float], prefix: str) -> Any:
    """What has grown of the series with this name, without the questions themselves."""
    return {
        name.removeprefix(prefix): value - before.get(name, 0)
        for name, value in after.items()
        if name.startswith(prefix)
        and value != before.get(name, 0)
        and "/metrics" not in name
    }


async def test_runs_and_workers_are_counted_as_the_store_knows_them(
    api: Api, worker: Played
) -> None:
    before = told(api)
    await worker.live()
    first, second = submit(api.http), submit(api.http)
    await worker.claim(first)
    now = told(api)
    assert now["llmbench_store_up"] == 1
    assert now["llmbench_workers"] == before["llmbench_workers"] + 1
    assert grown(before, now, "llmbench_runs") == {
        '{state="queued"}': 1,
        '{state="running"}': 1,
    }
    await worker.reduce(first, Ending.COMPLETED)
    await worker.reduce(second, Ending.CANCELLED)
    assert grown(before, told(api), "llmbench_runs") == {
        '_ended_total{state="done"}': 1,
        '_ended_total{state="cancelled"}': 1,
    }


def test_requests_are_counted_by_template_and_status(api: Api) -> None:
    before = told(api)
    job_id = submit(api.http)
    for _ in range(3):
        api.http.get(f"/benchmark/{job_id}")
    api.http.get("/benchmark/nothing-of-ours")
    assert grown(before, told(api), "llmbench_http_requests_total") == {
        '{method="POST",route="/benchmark",status="202"}': 1,
        '{method="GET",route="/benchmark/{job_id}",status="200"}': 3,
        '{method="GET",route="/benchmark/{job_id}",status="404"}': 1,
    }


def test_what_a_stranger_makes_up_becomes_no_label(api: Api) -> None:
    before = told(api)
    for path in ("/a", "/b", "/wp-login.php"):
        assert api.http.get(path).status_code == 404
    assert api.http.request("PROPFIND", "/health").status_code == 405
    assert grown(before, told(api), "llmbench_http_requests_total") == {
        '{method="GET",route="none",status="404"}': 3,
        '{method="other",route="/health",status="405"}': 1,
    }


def test_an_answer_is_timed_to_its_head_and_a_stream_counted_while_it_lasts(
    api: Api,
) -> None:
    job_id = submit(api.http)
    before = told(api)
    with api.http.stream("GET", f"/benchmark/{job_id}/events") as answer:
        next(answer.iter_lines())
        counted = grown(before, told(api), "llmbench_http_request_duration_seconds")
    of = '{method="GET",route="/benchmark/{job_id}/events"}'
    assert counted[f"_count{of}"] == 1
    assert 0 < counted[f"_sum{of}"] < 5


async def test_a_bug_counts_as_a_500() -> None:
    traffic = Traffic()

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError

    async def never(*_: Message) -> Message:
        raise AssertionError

    scope: Scope = {"type": "http", "method": "GET"}
    with pytest.raises(RuntimeError):
        await CountedRequests(broken, traffic)(scope, never, never)
    counted = traffic.registry.get_sample_value(
        "llmbench_http_requests_total",
        {"method": "GET", "route": "none", "status": "500"},
    )
    assert counted == 1


STORE_WIDE = {
    "llmbench_store_up",
    "llmbench_workers",
    "llmbench_runs",
    "llmbench_runs_ended_total",
    "llmbench_lease_takeovers_total",
}


def store_wide(now: dict[str, float]) -> set[str]:
    return {name.partition("{")[0] for name in now} & STORE_WIDE


def test_without_a_store_a_process_tells_of_itself(start: Start) -> None:
    now = told(start(redis_url=None))
    assert now["process_start_time_seconds"] > 0
    assert store_wide(now) == set()


def test_while_the_store_hangs_it_tells_the_rest_in_time(
    tmp_path: Path, start: Start
) -> None:
    store = embedded.start(tmp_path)
    assert store.process is not None
    try:
        api = start(redis_url=store.url)
        assert store_wide(told(api)) == STORE_WIDE
        server = psutil.Process(store.process.pid)
        server.suspend()
        try:
            asked_s = time.monotonic()
            now = told(api)
            took_s = time.monotonic() - asked_s
        finally:
            server.resume()
    finally:
        store.stop()
    assert took_s < HANG_S
    assert now["llmbench_store_up"] == 0
    assert store_wide(now) == {"llmbench_store_up"}
    assert now["process_start_time_seconds"] > 0


def test_each_app_counts_for_itself(start: Start, api: Api) -> None:
    api.http.get("/health")
    other = told(start(redis_url=None))
    assert not [name for name in other if 'route="/health"' in name]
