"""Which provider and which model answer."""

import httpx
import pytest

from tests.simulator.simulator_client import OPENROUTER, ask, last_record


@pytest.mark.parametrize(
    ("wish", "served"),
    [
        ({"only": ["kestrel"]}, "Kestrel"),
        ({"order": ["meridian/int4"], "allow_fallbacks": False}, "Meridian"),
        ({"order": ["nobody", "Harbor"]}, "Harbor"),
        ({"ignore": ["harbor", "meridian/int4"]}, "Kestrel"),
        ({"sort": "throughput"}, "Kestrel"),
        ({"sort": {"by": "price"}}, "Meridian"),
        ({"max_price": {"prompt": "0.07"}}, "Meridian"),
    ],
)
def test_a_provider_can_be_pinned(
    sim: httpx.Client, wish: dict[str, object], served: str
) -> None:
    request = ask("acme/orca-70b-instruct", provider=wish)
    assert sim.post(OPENROUTER, json=request).json()["provider"] == served
    assert last_record(sim)["provider"] == served


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"only": ["nobody"]}, 404),
        ({"order": ["nobody"], "allow_fallbacks": False}, 404),
        ({"unheard": 1}, 400),
        ({"only": 7}, 400),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(
    sim: httpx.Client, wish: dict[str, object], status: int
) -> None:
    request = ask("acme/orca-70b-instruct", provider=wish)
    assert sim.post(OPENROUTER, json=request).status_code == status


def test_free_models_do_not_come_without_training(sim: httpx.Client) -> None:
    request = ask("acme/swift-8b:free", provider={"data_collection": "deny"})
    reply = sim.post(OPENROUTER, json=request)
    assert reply.status_code == 404
    assert reply.json()["error"]["metadata"]["failed_routing_step"] == "data_policy"


@pytest.mark.parametrize(
    ("suffix", "served"), [("nitro", "Kestrel"), ("floor", "Meridian")]
)
def test_a_suffix_sorts_the_providers(
    sim: httpx.Client, suffix: str, served: str
) -> None:
    reply = sim.post(OPENROUTER, json=ask(f"acme/orca-70b-instruct:{suffix}")).json()
    assert reply["provider"] == served
    assert reply["model"] == f"acme/orca-70b-instruct:{suffix}"


@pytest.mark.parametrize("model", ["openrouter/auto", "~acme/orca-latest"])
def test_routers_and_aliases_name_the_model_that_answered(
    sim: httpx.Client, model: str
) -> None:
    reply = sim.post(OPENROUTER, json=ask(model)).json()
    assert reply["model"] == "acme/orca-70b-instruct"
