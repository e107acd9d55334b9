"""A client that a generator makes of /openapi.json starts benchmarks and reads results.

The generator is openapi-python-client; the API, the worker and the simulator are real.
docs/clients.md shows the same, and what other generators make.
"""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.settings.settings import Settings
from shared.store import embedded
from tests.api.client import MODEL
from tests.api.server import serving
from tests.children import Simulator, workers

NAME = "generated_llmbench"
CONFIG = """\
post_hooks: []
content_type_overrides:
  application/jsonl: text/plain
  application/vnd.apache.parquet: application/octet-stream
"""


@pytest.fixture(scope="module")
def url(
    config: Settings, sim: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An API, a worker and a store for these tests alone."""
    folder = tmp_path_factory.mktemp("stack")
    store = embedded.start(folder)
    changes = {"redis_url": store.url, "results_dir": folder / "results"}
    with (
        serving(config.model_copy(update=changes)) as api,
        workers(store.url, sim.base_url, folder) as fleet,
    ):
        fleet.start()
        yield api.url
    store.stop()


@pytest.fixture(scope="module")
def made(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """The generated package: its models and operations by name, and a client."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.yaml").write_text(CONFIG)
    asked = ("--url", f"{url}/openapi.json", "--config", str(folder / "config.yaml"))
    where = ("--meta", "none", "--output-path", str(folder / NAME))
    program = Path(sys.executable).parent / "openapi-python-client"
    said = subprocess.run(
        [program, "generate", *asked, *where, "--fail-on-warning"],
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    sys.path.insert(0, str(folder))
    try:
        package = importlib.import_module(NAME)
        models = importlib.import_module(f"{NAME}.models")
        client = package.Client(base_url=url, timeout=30, follow_redirects=True)
        with client:
            yield SimpleNamespace(models=models, client=client)
    finally:
        sys.path.remove(str(folder))


def call(made: SimpleNamespace, operation: str, *path: str, **asked: Any) -> Any:
    """What an operation gives, such as `benchmarks.get_benchmark`."""
    module = importlib.import_module(f"{NAME}.api.{operation}")
    return module.sync(*path, client=made.client, **asked)


def test_it_uploads_a_file_waits_and_reads_a_typed_result(
    made: SimpleNamespace,
) -> None:
    types = importlib.import_module(f"{NAME}.types")
    prompts = BytesIO("Why?\nПочему?\n".encode())
    form = made.models.PromptFileForm(
        prompt_file=types.File(prompts, "prompts.txt", "text/plain"),
        model=[MODEL, "acme/orca-70b-instruct:free"],
        runs=2,
        concurrency=4,
    )
    job = call(made, "benchmarks.create_benchmark", body=form, prefer="wait=60")
    assert isinstance(job, made.models.Job)
    assert job.status is made.models.Status.DONE
    assert abs((datetime.now(UTC) - job.created_at).total_seconds()) < 600
    assert job.plan.runs == 2
    assert job.plan.prompts.prompts == ["Why?", "Почему?"]
    assert isinstance(job.plan.load, made.models.Concurrency)
    result = job.result
    assert isinstance(result, made.models.Judged)
    assert (result.total_runs, result.successful_runs) == (8, 8)
    assert [target.model for target in result.targets] == form.model
    assert all(target.total_runs == 4 for target in result.targets)
    assert result.ttft.p50.point < result.latency.p50.point
    assert result.latency.p99.supported is False
    assert result.verdict.kind in made.models.VerdictKind
    summary = call(made, "downloads.download_summary", job.job_id)
    assert summary.to_dict() == result.to_dict()
    table = call(made, "downloads.download_samples", job.job_id)
    assert len(table.splitlines()) == 9


def test_it_sends_a_plan_waits_and_reads_the_answer_of_a_search(
    made: SimpleNamespace,
) -> None:
    models = made.models
    plan = models.NewBenchmark(
        targets=[models.Target(model=MODEL)],
        prompts=models.InlinePrompts(prompts=["Why?"]),
        load=models.Concurrency(concurrency=1, count=4),
        slo=models.Slo(latency_s=60),
        find=models.Find(over=models.FindOver.CONCURRENCY, low=1, high=2),
        stream=False,
    )
    accepted = call(made, "benchmarks.create_benchmark", body=plan)
    assert isinstance(accepted, models.Accepted)
    # the events end when it has ended
    events = call(made, "benchmarks.follow_benchmark", accepted.job_id)
    assert "event: done" in events
    job = call(made, "benchmarks.get_benchmark", accepted.job_id)
    assert job.stopped_by is models.Ending.FIND
    assert (job.result.find.passing, job.result.find.failing) == (2, None)
    assert [(s.name, s.value) for s in job.result.steps] == [
        ("concurrency 1", 1),
        ("concurrency 2", 2),
    ]
    assert job.progress.failed == 0
    again = call(made, "benchmarks.rerun_benchmark", job.job_id, body=models.Rerun())
    assert isinstance(again, models.Accepted)


def test_what_it_asks_wrongly_is_told_as_a_problem(made: SimpleNamespace) -> None:
    models = made.models
    plan = models.NewBenchmark(
        targets=[models.Target(model=MODEL)],
        prompts=models.InlinePrompts(prompts=["Why?"]),
        runs=0,
    )
    told = call(made, "benchmarks.create_benchmark", body=plan)
    assert isinstance(told, models.Problem)
    assert told.type_ == "/problems/invalid"
    assert [error.field for error in told.errors] == ["runs"]
