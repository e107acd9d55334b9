"""`llmbench demo`: the whole thing once, and that it can fail."""

import csv
import os
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.commands.machine.demo import Truth, _differences

ROOT = Path(__file__).parents[4]

TARGET: dict[str, Any] = {
    "model": "a/b",
    "total_runs": 2,
    "counts": {"ok": 2, "retries": 0, "turned_away": 0, "outcomes": {"ok": 2}},
    "tokens": {"prompt": 20, "output": 96, "reasoning": 0},
    "cost": {"billed_usd": 0.1 + 0.2},  # 0.30000000000000004
}
TRUE: dict[str, Any] = {
    "calls": 2,
    "outcomes": {"ok": 2},
    "prompt_tokens": 20,
    "completion_tokens": 96,
    "reasoning_tokens": 0,
    "cost_usd": "0.3",
}


def differences(target: dict[str, Any], true: dict[str, Any]) -> list[str]:
    job = {"result": {"targets": [target]}}
    return _differences(job, Truth({"a/b": true}, first_call_s=0))


def those_with(word: str) -> list[psutil.Process]:
    """Processes with `word` in their environment."""
    return [
        process
        for process in psutil.process_iter(["environ"])
        if word in str(process.info["environ"])
    ]


def test_it_measures_what_the_simulator_did_and_leaves_only_results(
    tmp_path: Path,
) -> None:
    # A demo is the same everywhere: nothing of this may be used.
    (tmp_path / ".env").write_text(
        "REDIS_URL=redis://127.0.0.1:1/0\nOPENROUTER_API_KEY=sk-or-v1-real\nPORT=1\n"
        "UPSTREAM_PROXY=http://127.0.0.1:1\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    said = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--runs", "1"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "equal the simulator's ledger" in said.stdout
    assert re.search(r"From POST to the first call upstream: [\d.,]+ ms", said.stdout)
    assert re.search(r"Verdict: (valid|suspect|invalid)", said.stdout)
    for model in ("acme/swift-8b:free", "globex/sage-thinker:free", "acme/orca-pro"):
        assert model in said.stdout
    assert said.stdout.count("20 of 20 ok") == 3
    assert " - ERROR - " not in said.stderr

    (made,) = (tmp_path / "results").iterdir()
    assert str(made / "samples.csv") in said.stdout
    with (made / "samples.csv").open(encoding="utf-8", newline="") as rows:
        assert len(list(csv.DictReader(rows))) == 60
    assert sorted(os.listdir(tmp_path)) == [".env", "results", "temporary"]
    assert os.listdir(temporary) == []
    assert those_with(str(temporary)) == []


def test_equal_numbers_are_no_difference() -> None:
    assert differences(TARGET, TRUE) == []


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("total_runs",), 3, "a/b: calls 3, truly 2"),
        (("counts", "outcomes"), {"ok": 1, "empty": 1}, "a/b: outcomes"),
        (("tokens", "prompt"), 21, "a/b: prompt tokens 21, truly 20"),
        (("tokens", "output"), None, "a/b: output tokens None, truly 96"),
        (("tokens", "reasoning"), 1, "a/b: reasoning tokens 1, truly 0"),
        (("cost", "billed_usd"), 0.300001, "a/b: USD 0.300001000, truly 0.300000000"),
    ],
)
def test_each_number_that_differs_is_said(
    where: tuple[str, ...], value: object, said: str
) -> None:
    target = deepcopy(TARGET)
    *parents, last = where
    place = target
    for name in parents:
        place = place[name]
    place[last] = value
    (found,) = differences(target, TRUE)
    assert found.startswith(said)
