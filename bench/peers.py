"""Other load generators, each in a virtual environment of its own under `.venvs`.

They are never needed: what is not installed (`python -m bench --peers` does that) shows
the figures that were measured earlier, and so do those too heavy to install here.
"""

import json
import os
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import psutil

from bench.machine import LOAD_CORE, pinned
from bench.report import Shown
from bench.stub import Stub

HERE = Path(__file__).parent
VENVS = HERE / ".venvs"

_CLIENT = (
    *("aiohttp==3.14.5", "datasets==5.2.0", "msgspec==0.22.0", "numpy==2.4.6"),
    *("orjson==3.13.0", "pandas==3.1.1", "pillow==13.0.0", "pybase64==1.5.1"),
    *("pyyaml==6.0.3", "regex==2026.11.15", "requests==2.34.2", "tokenizers==0.23.3"),
    *("tqdm==4.70.1", "transformers==5.23.0"),
)
"""What the benchmarks of vllm and sglang import while they run, and `tokenizer.py`.
Their engines want gigabytes more, which `launch.py` does without."""


@dataclass(frozen=True, slots=True)
class Job:
    """One closed load that a peer shall make."""

    model: str
    calls: int
    at_once: int
    tokens: int
    streamed: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What a peer reported, and what it used."""

    job: Job
    seconds: float
    """By its own clock, without its start."""
    ttft_s: list[float]
    """As it shows them, in the order of its calls."""
    true_ttft_s: list[float]
    """As the stub wrote them down, in the order of their arrival."""
    cpu_s: float
    """CPU of its process between the first call and the last, its threads included."""

    @property
    def requests_per_s(self) -> float:
        return self.job.calls / self.seconds

    @property
    def events_per_s(self) -> float:
        return self.job.calls * self.job.tokens / self.seconds


Command = Callable[[Path, Stub, Job, Path, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A load generator: how it is installed, called and read."""

    venv: str
    packages: tuple[tuple[str, ...], ...]
    """One tuple of arguments per `pip install`."""
    command: Command
    """(python, stub, job, tokenizer, file for the result) -> what to run."""
    always_streams: bool = False
    """It cannot ask for an unstreamed answer: it gets a stream of one token."""

    @property
    def python(self) -> Path:
        return VENVS / self.venv / "bin" / "python"


def _vllm(python: Path, stub: Stub, job: Job, tokenizer: Path, out: Path) -> list[str]:
    return [
        *(str(python), str(HERE / "launch.py"), "vllm", "--backend", "openai-chat"),
        *("--base-url", stub.base_url.removesuffix("/v1")),
        *("--endpoint", "/v1/chat/completions", "--ready-check-timeout-sec", "0"),
        *("--model", job.model, "--tokenizer", str(tokenizer)),
        *("--dataset-name", "random", "--random-input-len", "16"),
        *("--random-output-len", str(job.tokens), "--num-prompts", str(job.calls)),
        *("--max-concurrency", str(job.at_once), "--disable-tqdm", "--save-result"),
        *("--save-detailed", "--result-filename", str(out)),
    ]


def _sglang(module: str, *more: str) -> Command:
    def command(
        python: Path, stub: Stub, job: Job, tokenizer: Path, out: Path
    ) -> list[str]:
        return [
            *(str(python), str(HERE / "launch.py"), f"sglang.benchmark.{module}"),
            *("--backend", "vllm-chat", "--model", job.model),
            *("--base-url", stub.base_url.removesuffix("/v1")),
            *("--tokenizer", str(tokenizer), "--dataset-name", "random-ids"),
            *("--random-input-len", "16", "--random-output-len", str(job.tokens)),
            *("--random-range-ratio", "1", "--num-prompts", str(job.calls)),
            *("--max-concurrency", str(job.at_once), "--disable-tqdm"),
            *("--output-file", str(out), "--output-details", *more),
            *(() if job.streamed else ("--disable-stream",)),
        ]

    return command


# The client first: pip would else name all that the engine lacks.
_SGLANG = (_CLIENT, ("--no-deps", "sglang==0.5.23"))
_VLLM = (_CLIENT, ("--no-deps", "vllm==0.33.0"))

PEERS: dict[str, Peer] = {
    "vllm": Peer("vllm", _VLLM, _vllm, True),
    "sglang": Peer("sglang", _SGLANG, _sglang("serving")),
    "sglang Rust": Peer("sglang", _SGLANG, _sglang("rust_client")),
}
"""Name to how it is run, the best ones."""

GATEWAY = Peer("litellm", (("litellm[proxy]==1.106.2",),), _vllm)
"""Only its environment is of use: see `gateway.litellm`."""

EARLIER: dict[str, dict[str, float]] = {
    "vllm": {
        "requests 64": 2401,
        "events 64": 65_000,
        "ttft p50 200": 43,
        "ttft p99 200": 98,
        "ttft p50 500": 195,
        "ttft p99 500": 291,
        "memory": 96,
        "first request": 1.2,
    },
    "sglang": {
        "requests 64": 1933,
        "events 64": 53_800,
        "ttft p50 200": 44,
        "ttft p99 200": 147,
        "ttft p50 500": 95,
        "ttft p99 500": 204,
        "memory": 119,
        "first request": 2.6,
    },
    "sglang Rust": {
        "requests 64": 24_256,
        "events 64": 181_000,
        "ttft p50 200": 3,
        "ttft p99 200": 68,
        "ttft p50 500": 1,
        "ttft p99 500": 31,
        "memory": 480,
        "first request": 1.2,
    },
    "guidellm": {
        "requests 64": 148,
        "events 64": 10_600,
        "ttft p50 200": 142,
        "ttft p99 200": 552,
        "ttft p50 500": 391,
        "ttft p99 500": 1113,
        "memory": 1610,
        "first request": 18,
    },
    "aiperf": {
        "requests 64": 454,
        "events 64": 15_300,
        "ttft p50 200": 60,
        "ttft p99 200": 487,
        "ttft p50 500": 105,
        "ttft p99 500": 1266,
        "memory": 842,
        "first request": 8,
    },
    "litellm": {
        "generate requests": 90,
        "generate events": 1600,
        "generate added": 9.3,
    },
}
"""November 2026, two cores of the same kind. Errors in ms: shown less the true 200."""


def earlier(key: str) -> dict[str, Shown]:
    """What was measured earlier of each peer for one line of the table."""
    return {
        name: Shown(figures[key], earlier=True)
        for name, figures in EARLIER.items()
        if key in figures
    }


def install() -> None:
    """Make the environments that are not there; says what failed, and goes on."""
    for name, peer in {**PEERS, "litellm": GATEWAY}.items():
        if _ready(peer).exists():
            continue
        print(f"installing {name} into {VENVS.name}/{peer.venv} ...", flush=True)
        try:
            _install(peer)
        except subprocess.CalledProcessError as error:
            print(f"{name} could not be installed: {error}", flush=True)


def _install(peer: Peer) -> None:
    make = [sys.executable, "-m", "venv", str(VENVS / peer.venv)]
    subprocess.run(make, check=True)
    for packages in peer.packages:
        pip = [str(peer.python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(pip, check=True)
    if peer is not GATEWAY:
        trained = str(VENVS / peer.venv / "tokenizer")
        train = [str(peer.python), str(HERE / "tokenizer.py"), trained]
        subprocess.run(train, check=True)
    _ready(peer).touch()


def installed(peer: Peer) -> bool:
    """Whether it can be run."""
    return _ready(peer).exists()


def _ready(peer: Peer) -> Path:
    return VENVS / peer.venv / "ready"


def run(peer: Peer, stub: Stub, job: Job, folder: Path) -> Result:
    """Have a peer make one load; RuntimeError with its last words when it fails."""
    out = folder / f"peer-{time.monotonic_ns()}.json"
    tokenizer = VENVS / peer.venv / "tokenizer"
    argv = pinned(LOAD_CORE, peer.command(peer.python, stub, job, tokenizer, out))
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "OPENAI_API_KEY": "sk-bench"}
    log = out.with_suffix(".log")
    stub.truth()  # forgets what was before
    with log.open("wb") as words:
        child = subprocess.Popen(argv, env=env, stdout=words, stderr=words)
        used = _watch_cpu(child)
    if child.returncode or not out.exists():
        said = log.read_text("utf-8", "replace")[-400:]
        raise RuntimeError(f"{peer.venv} ended with {child.returncode}: {said}")
    shown: dict[str, Any] = json.loads(out.read_text().splitlines()[-1])
    asked = sorted(stub.truth().values(), key=lambda one: one.arrived_s)
    truth = asked[-job.calls :]  # sglang asks once before, to see who is there
    first_s = truth[0].arrived_s
    last_s = max(one.events_s[-1] for one in truth)
    return Result(
        job=job,
        seconds=float(shown["duration"]),
        ttft_s=[float(ttft_s) for ttft_s in shown.get("ttfts", ())],
        true_ttft_s=[one.ttft_s for one in truth],
        cpu_s=cpu_at(used, last_s) - cpu_at(used, first_s),
    )


def _watch_cpu(child: "subprocess.Popen[bytes]") -> list[tuple[float, float]]:
    """(monotonic second, CPU so far) of a process until it ends, every 20 ms."""
    used = []
    watched = psutil.Process(child.pid)
    while child.poll() is None:
        try:
            times = watched.cpu_times()
        except psutil.Error:
            break
        used.append((time.monotonic(), times.user + times.system))
        time.sleep(0.02)
    child.wait()
    return used


def cpu_at(used: list[tuple[float, float]], at_s: float) -> float:
    """Between the readings around a moment; before the first, and after the last,
    what that one said."""
    after = bisect_right(used, at_s, key=itemgetter(0))
    if after in (0, len(used)):
        return used[min(after, len(used) - 1)][1]
    (left_s, left_cpu_s), (right_s, right_cpu_s) = used[after - 1 : after + 1]
    part = (at_s - left_s) / (right_s - left_s)
    return left_cpu_s + part * (right_cpu_s - left_cpu_s)
