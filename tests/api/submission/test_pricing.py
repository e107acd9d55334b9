"""Budgets and dry runs, asked by HTTP."""

import pytest

from tests.api.client import FILE, MODEL, plan, problem
from tests.api.server import Api, Start

PAID = "acme/orca-pro"
TARGETS = [{"model": PAID}]


def jobs(api: Api) -> list[str]:
    return [job["job_id"] for job in api.http.get("/benchmark").json()["jobs"]]


def test_a_dry_run_tells_calls_cost_and_time_and_queues_nothing(api: Api) -> None:
    before = jobs(api)
    asked = plan(targets=TARGETS, max_tokens=100, max_cost_usd=1)
    answer = api.http.post("/benchmark?dry_run=true", json=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["calls"] == 4  # two prompts, twice
    assert 0 < body["expected_usd"] <= body["worst_usd"] < 1
    assert body["max_cost_usd"] == 1
    assert body["targets"][0]["target"] == PAID
    assert body["targets"][0]["expected_from"]
    assert body["earliest_end"].endswith("Z")
    assert jobs(api) == before


def test_a_dry_run_costs_what_the_dearest_provider_asks(api: Api) -> None:
    def worst_usd(**pinned: str) -> float:
        target = {"model": "acme/orca-70b-instruct", **pinned}
        asked = plan(targets=[target], max_tokens=100)
        answer = api.http.post("/benchmark?dry_run=true", json=asked)
        return float(answer.json()["worst_usd"])

    # Kestrel is three times as dear as Harbor, Meridian half as dear
    harbor = worst_usd(provider="harbor")
    assert worst_usd(provider="kestrel/bf16") == pytest.approx(3 * harbor)
    assert worst_usd(provider="meridian") == pytest.approx(harbor / 2)
    assert worst_usd() == pytest.approx(3 * harbor)


def test_days_of_a_free_key_are_told_before_they_begin(start: Start) -> None:
    api = start(free_calls_per_minute=20, free_calls_per_day=50)
    asked = plan(targets=[{"model": MODEL}], runs=150)  # 300 calls
    body = api.http.post("/benchmark?dry_run=true", json=asked).json()
    (limit,) = body["limits"]
    assert (limit["limit"], limit["calls"]) == ("free", 300)
    assert (limit["per_minute"], limit["per_day"]) == (20, 50)
    # today's are not enough: the sixth day of 50 is the last
    assert 4 * 86_400 < body["takes_s"] <= 6 * 86_400
    answer = api.http.post("/benchmark", json=asked)
    assert answer.status_code == 202, answer.text
    said = " ".join(answer.json()["warnings"])
    assert "300 free calls at 20 a minute and 50 a UTC day" in said
    assert "goes on by itself" in said


def test_a_budget_that_pays_for_no_call_is_refused(api: Api) -> None:
    asked = plan(targets=TARGETS, max_cost_usd=0.000001)
    body = problem(api.http.post("/benchmark", json=asked), "too-much")
    assert "One call of acme/orca-pro may cost USD" in body["detail"]
    assert body["errors"][0]["field"] == "max_cost_usd"


def test_a_budget_needs_prices_unless_the_plan_waives_them(api: Api) -> None:
    router = plan(targets=[{"model": "openrouter/auto"}], max_cost_usd=1)
    body = problem(api.http.post("/benchmark", json=router), "unknown-price")
    assert body["errors"][0]["field"] == "targets[0].model"
    waived = {**router, "allow_unknown_prices": True}
    assert api.http.post("/benchmark", json=waived).status_code == 202


def test_the_settings_ceiling_holds_for_every_plan(start: Start) -> None:
    api = start(max_cost_usd=0.5)
    asked = plan(targets=TARGETS, max_cost_usd=2)
    body = problem(api.http.post("/benchmark", json=asked), "too-much")
    assert "MAX_COST_USD" in body["detail"]
    # it cannot be waived, and is the budget where the plan has none
    router = plan(targets=[{"model": "openrouter/auto"}], allow_unknown_prices=True)
    problem(api.http.post("/benchmark", json=router), "unknown-price")
    body = api.http.post("/benchmark?dry_run=true", json=plan(targets=TARGETS)).json()
    assert body["max_cost_usd"] == 0.5


def test_a_run_that_may_be_ended_by_its_budget_is_warned_of(api: Api) -> None:
    asked = plan(targets=TARGETS, max_tokens=1000, runs=50, max_cost_usd=0.1)
    answer = api.http.post("/benchmark", json=asked)
    assert answer.status_code == 202, answer.text
    assert any("stops where" in said for said in answer.json()["warnings"])
    job = api.http.get(answer.headers["location"]).json()
    assert job["money"] == {
        "spent_usd": 0,
        "held_usd": 0,
        "unaccounted_usd": 0,
        "max_cost_usd": 0.1,
    }
    assert job["stopped_by"] is None


def test_a_form_has_a_budget_too(api: Api) -> None:
    form = {"model": PAID, "max_cost_usd": "0.25"}
    answer = api.http.post("/benchmark", data=form, files=FILE)
    assert answer.status_code == 202, answer.text
    job = api.http.get(answer.headers["location"]).json()
    assert job["plan"]["max_cost_usd"] == 0.25


def test_a_rerun_keeps_the_budget_and_asks_the_prices_anew(api: Api) -> None:
    asked = plan(targets=TARGETS, max_cost_usd=0.5)
    first = api.http.post("/benchmark", json=asked).json()["job_id"]
    answer = api.http.post(f"/benchmark/{first}/rerun", json={})
    assert answer.status_code == 202, answer.text
    job = api.http.get(answer.headers["location"]).json()
    assert job["money"]["max_cost_usd"] == 0.5


@pytest.mark.parametrize("usd", [0, -1, 1e308, True, "NaN"])
def test_a_budget_is_a_positive_amount(api: Api, usd: object) -> None:
    answer = api.http.post("/benchmark", json=plan(max_cost_usd=usd))
    body = problem(answer, "invalid")
    assert body["errors"][0]["field"] == "max_cost_usd"


JUDGES = [{"rubric": "Is it so?", "model": "acme/judge"}]


def test_a_dry_run_tells_what_judges_cost(api: Api) -> None:
    asked = plan(targets=TARGETS, max_tokens=100, checks=JUDGES)
    body = api.http.post("/benchmark?dry_run=true", json=asked).json()
    assert body["calls"] == 8
    (judge,) = body["judges"]
    assert (judge["model"], judge["calls"]) == ("acme/judge", 4)
    assert 0 < judge["expected_usd"] < judge["worst_usd"]
    both = body["targets"][0]["worst_usd"] + judge["worst_usd"]
    assert body["worst_usd"] == pytest.approx(both)


def test_a_judge_that_is_no_model_is_refused_with_what_is_near(api: Api) -> None:
    checks = [{"rubric": "Is it so?", "model": "acme/juge"}]
    answer = api.http.post("/benchmark", json=plan(targets=TARGETS, checks=checks))
    body = problem(answer, "unknown-model")
    assert "acme/judge" in body["suggestions"]
    assert body["errors"][0]["field"] == "checks"


def test_a_judge_of_unknown_price_is_refused_under_a_budget(api: Api) -> None:
    checks = [{"rubric": "Is it so?", "model": "openrouter/auto"}]
    asked = plan(targets=TARGETS, max_tokens=100, checks=checks, max_cost_usd=1)
    body = problem(api.http.post("/benchmark", json=asked), "unknown-price")
    assert "openrouter/auto costs, which is to judge" in body["detail"]
