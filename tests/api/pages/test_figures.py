"""Figures: Plotly takes them, positions are right, and strangers write no markup."""

import json
import re
from math import log
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from api.page_data import PageData
from api.page_data.make import page_data
from api.pages.figures import (
    KINDS,
    Figure,
    claim,
    pairs,
    ranked,
    ranked_figure,
    said,
    spread,
    strip,
    sweep,
    value,
    waterfall,
)
from shared.comparison import Side
from tests import made

EVIL = 'x<img src=x onerror=alert(1)>"&'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawn")


@pytest.fixture(scope="module")
def four(folder: Path) -> tuple[str, PageData]:
    plan = made.plan_of(made.SWIFT, made.LARK, made.SAGE, made.ORCA)
    job_id = made.keep(folder, plan)
    return job_id, page_data(folder, job_id)


def plotted(figure: Figure | None) -> dict[str, Any]:
    """The figure, which Plotly itself has checked."""
    assert figure is not None
    whole = {name: figure[name] for name in ("data", "layout")}
    text = re.sub(r"(var\(--[\w-]+\))/0\.\d+", r"\1", json.dumps(whole))
    go.Figure(json.loads(text))
    return figure


def test_plotly_takes_every_figure(four: tuple[str, PageData]) -> None:
    job_id, data = four
    plotted(spread(data, "ttft"))
    plotted(strip(data))
    plotted(pairs(data, "latency", 0, 1))
    plotted(value(data))
    for kind in KINDS:
        plotted(ranked_figure(ranked(data, job_id, kind)))


def test_a_sweep_has_its_measured_points_and_its_limit(folder: Path) -> None:
    over = {"over": "concurrency", "values": [1, 2, 4]}
    plan = made.plan_of(made.SWIFT, sweep=over, slo={"ttft_s": 0.1})
    data = page_data(folder, made.keep(folder, plan))
    figure = plotted(sweep(data, "ttft", "p95", "calls at a time", 0.1))
    line = figure["data"][-1]
    assert line["x"] == [1, 2, 4]
    points = [one.group.times["ttft"]["p95"].point for one in data.steps]
    assert line["y"] == pytest.approx([1000 * (point or 0) for point in points])
    assert figure["layout"]["annotations"][0]["text"] == "SLO 100 ms"
    one = made.keep(folder, made.plan_of(made.SWIFT))
    assert sweep(page_data(folder, one), "ttft", "p95", "", None) is None


def test_the_best_is_first_and_who_cannot_be_told_from_it_is_tied(
    four: tuple[str, PageData],
) -> None:
    job_id, data = four
    found = ranked(data, job_id, "ttft")
    values = [rank.value for rank in found.ranks]
    assert values == sorted(values)
    assert [rank.tied for rank in found.ranks] == [True, True, False, False]
    assert found.bracketed
    sage = found.ranks[2].beside
    assert sage is not None
    assert (sage.said, sage.is_ratio) == ("slower", True)
    assert 1.6 < 1 + sage.estimate < 2.2  # 150 ms beside 80
    # from 60 ms to 500, logarithmic
    assert found.ticks[0] == (0.0, "60 ms")
    at = 100 * log(values[0] / 0.06) / log(500 / 60)
    assert found.ranks[0].at == pytest.approx(at, abs=0.01)
    # one failure more makes it seem quicker, if anything: it is slower all the same
    orca = found.ranks[3].beside
    assert orca is not None
    assert (orca.said, orca.biased) == ("slower", False)


def test_what_the_verdict_bars_is_not_ranked(four: tuple[str, PageData]) -> None:
    job_id, data = four
    found = ranked(data, job_id, "ttft", barred=["ttft"])
    assert found.ranks == ()
    assert len(found.left_out) == 4


def test_a_claim_is_turned_with_its_sides(four: tuple[str, PageData]) -> None:
    job_id, data = four
    assert data.comparison is not None
    swift, sage = (Side(job_id=job_id, target=name) for name in (made.SWIFT, made.SAGE))
    one = claim(data.comparison, "latency", swift, sage)
    other = claim(data.comparison, "latency", sage, swift)
    assert one is not None
    assert other is not None
    assert (one.said, other.said) == ("faster", "slower")
    assert (1 + one.estimate) * (1 + other.estimate) == pytest.approx(1)
    assert (1 + one.low) * (1 + other.high) == pytest.approx(1)
    cost = claim(data.comparison, "cost", swift, sage)
    assert cost is not None
    assert cost.word is None
    assert "costs nothing" in (cost.why or "")


def test_the_sentence_says_what_is_known_and_no_more(
    four: tuple[str, PageData],
) -> None:
    job_id, data = four
    text = "".join(word.text for word in said([ranked(data, job_id, k) for k in KINDS]))
    assert "swift-8b:free and lark-24b answer first" in text
    assert "too close to tell apart" in text
    assert "swift-8b:free is the soonest done, in 320" in text
    assert "swift-8b:free and sage-thinker:free are free." in text


def test_what_strangers_wrote_is_no_markup_in_a_figure(folder: Path) -> None:
    plan = made.plan_of("acme/a", "acme/b")
    data = page_data(folder, made.keep(folder, plan))
    evil = data.model_copy(update={"targets": (EVIL, "b"), "providers": (EVIL,)})
    for figure in (spread(evil, "ttft"), strip(evil), pairs(evil, "ttft", 0, 1)):
        text = json.dumps(plotted(figure))
        assert "<img" not in text
        assert "&lt;img" in text
    assert "<img" not in json.dumps(value(evil))


def test_the_phases_of_a_call_by_hand() -> None:
    row = {
        "sent_s": "10.0",
        "ack_s": "10.5",
        "first_token_s": "10.6",
        "first_visible_s": "11.0",
        "last_token_s": "11.9",
        "ended_s": "11.9",
        "queue_s": "0.2",
        "output_tokens": "30",
        "reasoning_tokens": "10",
    }
    found = waterfall(row, [0.6, 1.0, 1.9])
    phases = {phase.name: phase for phase in found.phases}
    assert phases["queue"].lasted_s == 0.2
    assert phases["to first byte"].lasted_s == pytest.approx(0.5)
    assert phases["reasoning"].beside == "10 tokens"
    assert phases["visible text"].beside == "20 tokens"
    # the axis ends at 2 s: 0.5 s are 25 % of it
    assert (phases["to first byte"].at, phases["to first byte"].wide) == (0.0, 25.0)
    assert found.events == (30.0, 50.0, 95.0)
    assert waterfall({}, None).phases[2].at is None
