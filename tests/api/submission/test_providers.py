"""`providers` of a target: whom a benchmark asks then, and what is kept of them."""

from decimal import Decimal
from typing import Any

import pytest

from api.submission.providers import chosen
from shared.money import Price
from shared.plan import Target
from shared.upstream import Endpoint
from tests.api.client import Played, plan, problem, submit
from tests.api.server import Api

MODEL = "acme/osprey-32b"
AT = "2026-11-28T09:00:00.000Z"


def usd(prompt: str, completion: str) -> Price:
    return Price(Decimal(prompt), Decimal(completion), Decimal(0))


ENDPOINTS = (
    Endpoint("Dear", "dear", usd("3", "6")),
    Endpoint("Cheap", "cheap/fp8", usd("1", "2"), status=0, uptime_last_30m=90.0),
    Endpoint("Down", "down", usd("0.1", "0.1"), status=-5),
    Endpoint("Unpriced", "unpriced", None, uptime_last_30m=100.0),
    Endpoint("Shaky", "shaky", usd("0.5", "0.5"), status=0, uptime_last_30m=89.9),
    Endpoint("Middle", "middle", usd("2", "1.5")),
)


def told(providers: Any) -> list[tuple[str, str | None, str | None]]:
    target = Target(model="a/x", providers=providers)
    found = chosen(target, ENDPOINTS, AT)
    return [(one.slug, one.target, one.left_out) for one in found]


def test_all_healthy_ones_are_targets_the_cheapest_first() -> None:
    # a prompt token and an answer's token together: 3, 3.5, 9; unknown last
    assert told("all") == [
        ("down", None, "its status is -5, and a healthy one has 0"),
        ("shaky", None, "it answered 89.9 % of calls in the last 30 minutes"),
        ("cheap/fp8", "a/x@cheap/fp8", None),
        ("middle", "a/x@middle", None),
        ("dear", "a/x@dear", None),
        ("unpriced", "a/x@unpriced", None),
    ]


def test_a_number_takes_the_cheapest_healthy_ones() -> None:
    assert [target for _, target, _ in told(2) if target] == [
        "a/x@cheap/fp8",
        "a/x@middle",
    ]
    assert [(slug, why) for slug, _, why in told(2)][-2:] == [
        ("dear", "2 are cheaper"),
        ("unpriced", "2 are cheaper"),
    ]


def test_a_provider_that_is_listed_twice_is_asked_once() -> None:
    twice = (ENDPOINTS[0], ENDPOINTS[0])
    found = chosen(Target(model="a/x", providers="all"), twice, AT)
    assert [one.left_out for one in found] == [None, "it is listed twice"]


async def test_the_stored_plan_has_them_as_targets_and_what_was_listed_beside_it(
    api: Api, worker: Played
) -> None:
    targets = [{"model": MODEL, "providers": "all"}, {"model": MODEL}]
    answer = api.http.post("/benchmark", json=plan(targets=targets))
    assert answer.status_code == 202, answer.text
    warnings = answer.json()["warnings"]
    assert (
        f"shoal/fp4 is no target for {MODEL}: its status is -2, and a healthy one has"
        " 0." in warnings
    )
    job = api.http.get(answer.json()["status_url"]).json()
    # prices x 0.5, x 1 and x 3; the router itself stays the last target
    slugs = ["meridian/int4", "harbor/fp8", "kestrel/bf16"]
    targets = job["plan"]["targets"]
    assert [each["provider"] for each in targets] == [*slugs, None]
    assert not any("providers" in each for each in targets)
    listed = job["listed"]
    assert [one["target"] for one in listed] == [
        *(f"{MODEL}@{slug}" for slug in slugs),
        *(None, None),
    ]
    first = listed[0]
    assert first["quantization"] == "int4"
    assert first["at"].endswith("Z")
    # USD 0.1 a million x 0.5; 100 ms x 1.7
    assert first["prompt_usd_per_million"] == pytest.approx(0.05)
    assert first["ttft_s_last_30m"]["p50"] == pytest.approx(0.17)
    assert first["uptime_last_30m_percent"] == 99.41
    assert [one["left_out"] for one in listed[3:]] == [
        "its status is -2, and a healthy one has 0",
        "it answered 61.5 % of calls in the last 30 minutes",
    ]


def test_the_same_request_with_its_key_is_the_same_benchmark(api: Api) -> None:
    body = plan(targets=[{"model": MODEL, "providers": 2}])
    key = {"Idempotency-Key": "providers"}
    ids = [
        api.http.post("/benchmark", json=body, headers=key).json()["job_id"]
        for _ in range(2)
    ]
    assert ids[0] == ids[1]


def test_a_dry_run_quotes_each_of_them(api: Api) -> None:
    body = plan(targets=[{"model": MODEL, "providers": 2}])
    found = api.http.post("/benchmark?dry_run=true", json=body).json()
    assert [one["target"] for one in found["targets"]] == [
        f"{MODEL}@meridian/int4",
        f"{MODEL}@harbor/fp8",
    ]


def test_a_rerun_with_changes_looks_them_up_as_well(api: Api) -> None:
    job_id = submit(api.http)
    changes = {"targets": [{"model": MODEL, "providers": 1}]}
    answer = api.http.post(f"/benchmark/{job_id}/rerun", json={"changes": changes})
    assert answer.status_code == 202, answer.text
    job = api.http.get(answer.json()["status_url"]).json()
    (target,) = job["plan"]["targets"]
    assert target["provider"] == "meridian/int4"
    assert job["listed"][0]["target"] == f"{MODEL}@meridian/int4"


@pytest.mark.parametrize(
    ("target", "field", "said"),
    [
        ({"providers": 0}, "targets[0].providers", "'all', or a number"),
        ({"providers": "some"}, "targets[0].providers", "'all'"),
        ({"providers": 2, "provider": "harbor"}, "targets[0]", "for several"),
        ({"providers": 2, "routing": {"sort": "price"}}, "targets[0]", "`routing` out"),
        ({"model": "nobody/knows", "providers": 2}, "targets[0].providers", "not say"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(
    api: Api, target: dict[str, Any], field: str, said: str
) -> None:
    body = plan(targets=[{"model": MODEL, **target}])
    found = problem(api.http.post("/benchmark", json=body), "invalid")
    (error,) = found["errors"]
    assert error["field"].startswith(field)
    assert said in error["message"]


def test_a_provider_that_stands_in_the_plan_already_is_named(api: Api) -> None:
    named = {"model": MODEL, "provider": "harbor/fp8"}
    body = plan(targets=[named, {"model": MODEL, "providers": "all"}])
    found = problem(api.http.post("/benchmark", json=body), "invalid")
    assert f"{MODEL}@harbor/fp8 is named twice" in found["errors"][0]["message"]
