"""Figures of a part: a step, a provider, an upstream."""

from shared.analysis.summarize import summarize
from shared.plan.loads import Concurrency
from shared.plan.loads.find import Find
from shared.plan.slo import Slo
from shared.sample import Outcome
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, row


def test_warmup_is_told_in_its_step_and_counted_nowhere_else() -> None:
    plan = PLAN.model_copy(update={"load": Concurrency(warmup=1)})
    rows = [
        row(0, 0.0, 100.0, cost_usd=7.0, total_tokens=1_000, first_token_s=50.0),
        *(row(slot, 0.0, 1.0, step=1, cost_usd=1.0) for slot in range(3)),
    ]
    made = summarize(plan, rows)
    assert (made.total_runs, made.total_tokens, made.max) == (3, None, 1.0)
    assert (made.cost.billed_usd, made.warmup_usd) == (3.0, 7.0)
    assert made.ttft.n == 0
    assert made.throughput.whole_window_s == 1.0
    assert sum(target.total_runs for target in made.targets) == 3
    warm, main = made.steps
    assert (warm.name, warm.warmup) == ("warm-up", True)
    assert (warm.total_runs, warm.avg) == (1, 100.0)
    assert (main.name, main.warmup) == ("main", False)
    assert (main.total_runs, main.avg) == (3, 1.0)


def test_the_steps_of_a_search_are_told_from_its_own_rows() -> None:
    plan = PLAN.model_copy(
        update={
            "slo": Slo(latency_s=2),
            "find": Find(over="concurrency", low=1, high=4),
        }
    )
    rows = [row(0, 0.0, 1.0), row(0, 0.0, 1.0, step=1)]
    steps = summarize(plan, rows).steps
    assert [step.step for step in steps] == [0, 1]
    assert steps[0].name == "concurrency 1"
    assert steps[1].name != steps[0].name
    assert steps[0].goodput is not None
    assert steps[0].goodput.share == 1.0


def test_each_provider_of_a_target_has_figures_of_its_own() -> None:
    rows = [
        row(0, 0.0, 1.0, provider="Zeta"),
        row(2, 0.0, 3.0, provider="Acme", cost_usd=0.5),
        row(4, 0.0, 5.0, provider="Acme"),
        row(6, 0.0, 1.0, outcome=Outcome.CONNECT_ERROR),
    ]
    orca, seal = summarize(PLAN, rows).targets
    assert [each.provider for each in orca.providers] == ["Acme", "Zeta", None]
    assert [each.avg for each in orca.providers] == [4.0, 1.0, None]  # (3 + 5) / 2
    assert [each.total_runs for each in orca.providers] == [2, 1, 1]
    assert orca.providers[0].cost.billed_usd == 0.5
    assert seal.providers == ()


def test_rows_are_counted_by_the_upstream_that_they_asked() -> None:
    rows = [
        row(n, n, n + 1.0, upstream=f"http://{'ab'[n > 2]}.example") for n in range(5)
    ]
    upstreams = {"http://a.example": 3, "http://b.example": 2}
    assert summarize(PLAN, rows).upstreams == upstreams
    assert summarize(PLAN, FIVE).upstreams == {}
