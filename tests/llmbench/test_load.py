"""`llmbench.load`: the same frames from an id, a folder, a table and a server."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import llmbench
from llmbench.targets import targets_of
from shared.analysis.columns import columns_of
from shared.outputs import write_csv, write_parquet
from shared.outputs.table import all_columns
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "results/examples/three-simulated-models"
JOB = "01JZ0000000000000000000000"
PLAN = Plan(
    targets=(Target(model="acme/orca"),), prompts=InlinePrompts(prompts=("Why?",))
)
ROWS = [
    Sample(
        **{"step": 0, "slot": 0, "target": 0, "prompt": 0},
        outcome=Outcome.OK,
        started_at=1795420801.25,
        reused=True,
        sent_s=0.5,
        first_token_s=0.75,
        cost_usd=1.2345678901234567e-05,
        ended_s=2.0,
        output_tokens=11,
        provider="=1+1",
        worker="NA",
    ),
    Sample(
        **{"step": 0, "slot": 1, "target": 0, "prompt": 0},
        outcome=Outcome.CONNECT_ERROR,
        error="'refused'",
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "results" / JOB
    made.mkdir(parents=True)
    rows = columns_of(PLAN, ROWS)
    (made / "samples.csv").write_bytes(b"".join(write_csv(PLAN, rows)))
    (made / "samples.parquet").write_bytes(b"".join(write_parquet(PLAN, rows)))
    shutil.copy(EXAMPLE / "summary.json", made)
    return made


def test_a_table_has_its_columns_its_types_and_its_missing_values(folder: Path) -> None:
    samples = llmbench.load(folder / "samples.csv").samples
    assert [*samples] == [*all_columns()]
    first, second = samples.iloc[0], samples.iloc[1]
    assert (first["ttft_s"], first["latency_s"]) == (0.25, 1.5)
    assert first["output_tokens"] == 11
    assert first["started_at"] == pd.Timestamp("2026-11-23T08:00:01.250Z")
    assert (first["provider"], second["error"]) == ("=1+1", "'refused'")
    assert first["worker"] == "NA", "a text, not a missing value"
    assert first["reused"]
    for name in ("output_tokens", "ttft_s", "reused", "started_at", "provider"):
        assert pd.isna(second[name]), name
    assert samples["output_tokens"].dtype == "Int64"
    assert samples["ttft_s"].dtype == "float64"


def test_both_tables_are_the_same_frame(folder: Path) -> None:
    assert_frame_equal(
        llmbench.load(folder / "samples.csv").samples,
        llmbench.load(folder / "samples.parquet").samples,
        check_exact=True,
    )


def test_an_id_a_folder_and_a_path_as_text_are_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESULTS_DIR", str(folder.parent))
    wanted = llmbench.load(folder)
    for job in (JOB, str(folder), folder / "samples.parquet"):
        found = llmbench.load(job)
        assert_frame_equal(found.samples, wanted.samples)
        assert_frame_equal(found.targets, wanted.targets)


def test_without_pyarrow_the_csv_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = llmbench.load(folder).samples
    monkeypatch.setattr("pandas.read_parquet", _not_installed)
    assert_frame_equal(llmbench.load(folder).samples, wanted)


def _not_installed(_: Path) -> pd.DataFrame:
    raise ImportError("pyarrow")


def test_what_is_not_there_is_said_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No results at .*/nowhere"):
        llmbench.load(tmp_path / "nowhere")


def test_targets_have_a_row_each_and_units_in_their_names() -> None:
    targets = llmbench.load(EXAMPLE).targets.set_index("target")
    swift = targets.loc["acme/swift-8b:free"]
    assert len(targets) == 3
    assert swift["latency_p50_s"] == 0.3175151705
    assert (swift["latency_p50_low_s"], swift["latency_n"]) == (0.313530205, 60)
    assert (swift["counts_ok"], swift["tokens_output"]) == (60, 2880)
    assert swift["cost_billed_usd"] == 0.0
    assert pd.isna(swift["latency_p99_s"]), "60 calls support no p99"
    assert targets["latency_p99_s"].dtype == "float64"


def test_without_a_summary_targets_has_no_rows(folder: Path) -> None:
    (folder / "summary.json").unlink()
    assert [*llmbench.load(folder).targets] == ["target", "model"]
    assert targets_of({}).empty


def test_the_example_runs_and_shows_its_figures() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "examples/analyse.py"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "180 calls, 180 ok" in ended.stdout
    assert "ttft_p50_s" in ended.stdout
    assert "USD per 1M output tokens" in ended.stdout
