"""One run at three upstreams: each is asked with its own key, and with no other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.settings import Settings
from shared.store import embedded
from tests.api.server import serving
from tests.children import until, workers
from tests.origins import Origin, an_origin, upstreams_file

MODEL = "acme/swift-8b"
KEYS = {name: f"sk-or-v1-canary-{name}-5e1f0c0ffee" for name in ("a", "b", "c")}
TARGETS = [
    {"model": MODEL},
    {"model": MODEL, "upstream": "other"},
    {"model": MODEL, "upstream": "plain"},
    {"model": "fault/bad-gateway", "upstream": "other"},
    {"model": "fault/rate-limited-upstream", "name": "busy"},
    {"model": "fault/html-502", "upstream": "plain"},
]
RUNS = 2


@dataclass
class Asked:
    """What came of it."""

    http: httpx.Client
    origins: dict[str, Origin]
    job: dict[str, Any]
    folder: Path

    def file(self, name: str) -> Any:
        """A JSON file of the results."""
        return json.loads((self.folder / name).read_text())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("origins")
    (folder / "b.key").write_text(KEYS["b"])
    with ExitStack() as parts:
        a, b, c = (
            parts.enter_context(an_origin(name, KEYS[name], plain=name == "c"))
            for name in KEYS
        )
        named = f"""
            [other]
            base_url = "{b.base_url}"
            kind = "openrouter"
            key_file = "b.key"
            free_limits = "off"
            headers = {{ X-Team = "search" }}

            [plain]
            base_url = "{c.base_url}"
            key_env = "PLAIN_TEST_KEY"
            prices."*" = {{ prompt = 1, completion = 2 }}
            """
        store = embedded.start(folder / "store")
        parts.callback(store.stop)
        env = {
            "OPENROUTER_API_KEY": KEYS["a"],
            "UPSTREAMS_FILE": upstreams_file(folder, named),
            "RECONCILE": "true",
            "OUTAGE_S": "60",
        }
        patch = parts.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PLAIN_TEST_KEY", KEYS["c"])
        fleet = parts.enter_context(workers(store.url, a.base_url, folder, **env))
        fleet.start()
        given = {name.lower(): value for name, value in fleet.env.items()}
        api = parts.enter_context(serving(Settings.model_validate(given)))
        posted = api.http.post("/benchmark", json=PLAN)
        assert posted.status_code == 202, posted.text
        job = {"job_id": posted.json()["job_id"]}
        found = Asked(
            api.http,
            {"default": a, "other": b, "plain": c},
            job,
            folder / "results" / job["job_id"],
        )
        yield found


PLAN = {
    "targets": TARGETS,
    "prompts": {"prompts": ["Why?"]},
    "runs": RUNS,
    "load": {"concurrency": 3},
    "retries": {"max": 1, "on": ["rate_limited", "upstream_error"], "backoff_s": 0.01},
    "on_outage": "count",
    "max_cost_usd": 1,
    "allow_unknown_prices": True,
}


@pytest.fixture
async def done(stack: Asked) -> Asked:
    """After its end, and that of the comparison with the bills."""

    async def reconciled() -> bool:
        return (stack.folder / "reconciliation.json").is_file()

    await until(reconciled, "reconciliation.json")
    stack.job = stack.http.get(f"/benchmark/{stack.job['job_id']}").json()
    return stack


async def test_no_key_is_ever_sent_to_another_origin(done: Asked) -> None:
    http, origins = done.http, done.origins
    for name in origins:
        assert http.get("/models", params={"upstream": name}).status_code == 200
        assert http.get("/account", params={"upstream": name}).status_code == 200
        asked = {"model": MODEL, "prompt": "Why?", "upstream": name}
        assert http.post("/generate", json=asked).status_code == 200
        failing = http.post("/generate", json={**asked, "model": "fault/bad-gateway"})
        assert failing.status_code >= 500
        http.get(f"/models/{MODEL}/providers", params={"upstream": name})
    for name, origin in origins.items():
        assert origin.keys() == {f"Bearer {origin.key}"}, f"the key of {name} alone"
        everything = b"\n".join(whole for *_, whole in origin.requests)
        others = [key for key in KEYS.values() if key != origin.key]
        assert not any(key.encode() in everything for key in others)
    asked_of = {"models", "completions", "key", "generation", "endpoints"}
    assert origins["default"].paths() >= asked_of
    assert origins["other"].paths() >= asked_of
    assert origins["plain"].paths() == {"models", "completions"}
    assert b"x-team: search" in origins["other"].requests[0][2]
    assert not any(b"x-team" in one[2] for one in origins["default"].requests)


async def test_each_row_says_whom_it_asked(done: Asked) -> None:
    assert done.job["status"] == "done", done.job["error"]
    urls = {name: origin.base_url for name, origin in done.origins.items()}
    targets = done.job["result"]["targets"]
    assert [each["target"] for each in targets] == [
        MODEL,
        f"other::{MODEL}",
        f"plain::{MODEL}",
        "other::fault/bad-gateway",
        "busy",
        "plain::fault/html-502",
    ]
    for asked, each in zip(TARGETS, targets, strict=True):
        name = asked.get("upstream", "default")
        rows = RUNS if asked["model"] == MODEL else 2 * RUNS
        assert (each["upstream"], each["upstreams"]) == (name, {urls[name]: rows})
        assert each["successful_runs"] == (RUNS if asked["model"] == MODEL else 0)


async def test_two_upstreams_and_two_keys_of_a_plan_are_no_doubt(done: Asked) -> None:
    codes = {each["code"] for each in done.job["result"]["verdict"]["reasons"]}
    assert not codes & {"mixed_upstreams", "mixed_keys", "shared_upstream"}
    seen = done.job["result"]["observations"]["keys"]
    assert sorted(each.rpartition(" ")[0] for each in seen) == ["", "other", "plain"]


async def test_bills_are_asked_for_where_there_are_any(done: Asked) -> None:
    found = done.file("reconciliation.json")
    assert found["upstream"].split(", ") == [
        done.origins["default"].base_url,
        done.origins["other"].base_url,
        done.origins["plain"].base_url,
    ]
    assert found["notes"] == ["Rows of these upstreams have no bills: plain"]
    # two targets that succeed, and two that fail twice: each has a generation
    with_bill = 2 * RUNS + 2 * 2 * RUNS
    assert (found["totals"]["asked"], found["totals"]["found"]) == (with_bill,) * 2


async def test_a_budget_spans_all_upstreams(done: Asked) -> None:
    """What the plain server answers has no cost, so its worst is counted: by the prices
    of the file."""
    money = done.job["money"]
    spent, unknown = money["spent_usd"], money["unaccounted_usd"]
    billed = sum(
        each["cost"]["billed_usd"] or 0 for each in done.job["result"]["targets"]
    )
    assert spent == pytest.approx(billed)
    assert spent > 0
    assert unknown > 0


async def test_the_api_tells_whom_it_can_ask_and_no_secret(done: Asked) -> None:
    found = done.http.get("/upstreams").json()["upstreams"]
    assert [(each["name"], each["kind"]) for each in found] == [
        ("default", "openrouter"),
        ("other", "openrouter"),
        ("plain", "openai"),
    ]
    assert [each["base_url"] for each in found] == [
        origin.base_url for origin in done.origins.values()
    ]
    said = done.http.get("/upstreams").text + (done.folder / "plan.json").read_text()
    said += (done.folder / "summary.json").read_text()
    assert not any(key in said for key in KEYS.values())


async def test_an_upstream_that_there_is_not_is_refused_with_those_that_are(
    done: Asked,
) -> None:
    plan = {**PLAN, "targets": [{"model": MODEL, "upstream": "plane"}]}
    refused = done.http.post("/benchmark", json=plan)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["field"] == "targets[0].upstream"
    assert "Did you mean `plain`?" in error["message"]
    assert done.http.get("/models", params={"upstream": "x"}).status_code == 422
    asked = {"model": MODEL, "prompt": "?", "upstream": "http://127.0.0.1:1"}
    said = done.http.post("/generate", json=asked)
    assert said.status_code == 422
    assert "a plan names no URL" in said.text
