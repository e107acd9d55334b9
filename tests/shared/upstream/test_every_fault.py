"""Every fault that the simulator knows, read as the simulator says it must be."""

from collections.abc import Iterator

import pytest

from shared.prompts import Message
from shared.upstream import openrouter
from shared.upstream.reading import has_token, read_exchange
from shared.upstream.reply import Ask
from shared.upstream.wire import Caps, Deadlines, Exchange, Wire, request
from tests.children import Simulator, simulator, until

# Short, so that what never ends is over soon; the total one leaves room for padding.
DEADLINES = Deadlines(connect_s=5, first_token_s=0.6, idle_s=1.0, total_s=2.0)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.02", "--gap-s", "0.002", "--tokens", "6") as running:
        yield running


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_outcome_tokens_and_cost_of_every_fault_equal_the_ledger(
    upstream: Simulator, stream: bool
) -> None:
    faults = list(upstream.get("/sim/faults"))
    assert len(faults) > 80
    wire = Wire(deadlines=DEADLINES, caps=Caps())
    wrong = []
    for name in faults:
        ask = Ask(
            model=f"fault/{name}",
            messages=(Message(role="user", content="Say something."),),
            max_tokens=64,
            stream=stream,
        )
        sent = request(
            "POST",
            upstream.base_url + openrouter.PATH,
            {"Content-Type": "application/json", "Authorization": "Bearer sk-or-v1-x"},
            openrouter.build(ask),
        )
        exchange = await wire.exchange(sent, has_token=came if stream else None)
        reply = read_exchange(exchange, openrouter, stream, 65_536, now_s=1.8e9)
        record = await over(upstream)
        assert record["fault"] == name
        said = (reply.outcome.value, reply.status)
        true = (record["outcome"], record["status"])
        if said != true:
            wrong.append((name, said, true))
        if name in ("cache-hit", "cost-half"):
            continue  # what these tell of their cost is not what was billed
        cost = record["cost_usd"]
        assert isinstance(cost, str)
        if reply.cost_usd not in (None, float(cost)):
            wrong.append((name, reply.cost_usd, cost))
        if reply.tokens_from == "usage" and reply.outcome == "ok":
            tokens = (reply.prompt_tokens, reply.output_tokens)
            if tokens != (record["prompt_tokens"], record["completion_tokens"]):
                wrong.append((name, tokens, record))
    await wire.aclose()
    assert not wrong, "\n".join(map(str, wrong))


def came(exchange: Exchange) -> bool:
    return has_token(exchange, openrouter)


async def over(upstream: Simulator) -> dict[str, object]:
    """The newest record, once the simulator has noticed that its call is over."""

    async def ended() -> bool:
        return upstream.ledger()[-1]["outcome"] is not None

    await until(ended, "the end of the call in the ledger")
    return upstream.ledger()[-1]


def test_the_list_of_faults_says_what_each_does(upstream: Simulator) -> None:
    assert all(upstream.get("/sim/faults").values())
