"""The committed example says of itself what its rows say."""

import csv
import json
from pathlib import Path
from statistics import mean, stdev

import pytest

FOLDER = Path(__file__).parents[1] / "results/examples/three-simulated-models"


def test_the_seven_figures_recompute_from_the_rows() -> None:
    with (FOLDER / "samples.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    summary = json.loads((FOLDER / "summary.json").read_text("utf-8"))
    latencies = [float(row["latency_s"]) for row in rows if row["outcome"] == "ok"]
    assert {
        "avg": mean(latencies),
        "min": min(latencies),
        "max": max(latencies),
        "std_dev": stdev(latencies),
        "total_runs": len(rows),
        "successful_runs": len(latencies),
        "total_tokens": sum(int(row["total_tokens"]) for row in rows),
    } == pytest.approx({name: summary[name] for name in FIGURES})


FIGURES = (
    *("avg", "min", "max", "std_dev"),
    *("total_runs", "successful_runs", "total_tokens"),
)


def test_it_has_three_models_and_their_answers_and_says_it_is_simulated() -> None:
    answers = [
        json.loads(line)
        for line in (FOLDER / "responses.jsonl").read_text("utf-8").splitlines()
    ]
    assert len({answer["model"] for answer in answers}) == 3
    assert all(answer["text"] for answer in answers)
    assert "simulated" in (FOLDER.parent / "README.md").read_text("utf-8")
