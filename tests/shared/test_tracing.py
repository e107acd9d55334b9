"""Traces are off, and cost nothing, unless they are asked for and can be told."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared import tracing

ROOT = Path(__file__).parents[2]
GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


def run(program: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own: what is imported once stays imported here."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


LOOK = """
import sys, worker.main
from shared import tracing
tracing.setup("llmbench-worker")
print(tracing.begin("shard", None, {}), tracing.current())
print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
tracing.close()
"""


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {**ENDPOINT, "OTEL_SDK_DISABLED": "true"},
        {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=str,
)
def test_unless_it_is_asked_for_nothing_is_imported(env: dict[str, str]) -> None:
    ended = run(LOOK, **env)
    assert (ended.stdout, ended.stderr) == ("None None\n[]\n", "")


@pytest.mark.parametrize("of", ["", "TRACES_"])
def test_an_endpoint_is_how_it_is_asked_for(of: str) -> None:
    ended = run(LOOK, **{f"OTEL_EXPORTER_OTLP_{of}ENDPOINT": "http://127.0.0.1:1"})
    assert "Span object" in ended.stdout
    assert "opentelemetry.sdk.trace" in ended.stdout


def test_without_the_extra_that_is_said_and_the_process_goes_on() -> None:
    absent = 'import sys; sys.modules["opentelemetry.sdk"] = None\n'
    ended = run(absent + LOOK, **ENDPOINT)
    assert ended.returncode == 0
    assert ended.stdout.startswith("None None\n")
    assert "pip install 'llmbench[otel]'" in ended.stderr
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in ended.stderr


def test_a_collector_that_is_away_keeps_no_process_from_ending() -> None:
    program = """
import logging, time
logging.disable()
from shared import tracing
tracing._FLUSH_S = 0.5
tracing.setup("x")
tracing.begin("shard", None, {}).end()
began = time.monotonic()
tracing.close()
print(time.monotonic() - began)
"""
    # the exporter itself would go on for ten seconds
    assert float(run(program, **ENDPOINT).stdout) < 5


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        f"{GIVEN}-more",
        f"{GIVEN}\r\nX-Evil: 1",
        GIVEN.upper(),
        "x" * 100_000,
    ],
    ids=lambda said: repr(said)[:20],
)
def test_what_is_no_traceparent_is_not_handed_on(said: str | None) -> None:
    assert tracing.received(said) is None


def test_a_caller_s_place_in_a_trace_is_kept_by_who_does_not_trace() -> None:
    assert tracing.received(GIVEN) == GIVEN
    assert tracing.current() is None
