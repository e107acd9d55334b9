"""`llmbench demo`: a benchmark from end to end, measured against the truth.

Everything is real but the models: the store, the API, the workers, the sockets. The
simulator keeps a ledger of what it did, so that each figure can be laid beside it.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.table import Table

from cli import exits, show
from cli.client import Api, Job
from cli.live import LeftRunning, follow
from cli.stack import ROOT, Stack, simulated, started
from cli.terminal import attempt, console, note, read_settings, say
from shared.clock import monotonic_s
from shared.settings import Settings
from shared.startup import start

PROMPTS = ROOT / "examples" / "prompts.txt"
MODELS = ("acme/swift-8b:free", "globex/sage-thinker:free", "acme/orca-pro")
CONCURRENCY = 8

_CENT_FRACTION = Decimal("1e-9")  # sums of floats are compared to this, in USD


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulator says of itself."""

    models: dict[str, dict[str, Any]]
    first_call_s: float
    """When it received the first call, on the machine's monotonic clock."""


def demo(
    runs: Annotated[int, typer.Option(min=1, help="Times each prompt is asked.")] = 3,
) -> None:
    """A benchmark of three simulated models, beside what they truly did.

    Example: llmbench demo --runs 10
    """
    raise typer.Exit(compare(read_settings(), runs))


def compare(settings: Settings, runs: int) -> int:
    """Run it; 0 when counts, tokens and cost equal the simulator's ledger."""
    for check in start.checks_for("demo", settings):
        if check.level == "bad":
            note(check.line)
            return start.WRONG
    results_dir = settings.results_dir.absolute()

    async def benchmark() -> int:
        with simulated(results_dir) as options:
            async with started(options) as stack:
                return await _benchmark(stack, results_dir, runs)

    return attempt(benchmark())


async def _benchmark(stack: Stack, results_dir: Path, runs: int) -> int:
    fields = {"model": MODELS, "runs": runs, "concurrency": CONCURRENCY}
    prompts = PROMPTS.read_bytes()
    async with Api(stack.url) as api:
        posted_s = monotonic_s()
        job_id = (await api.submit(PROMPTS.name, prompts, fields))["job_id"]
        shown = console(stderr=True)
        try:
            job = await follow(api, job_id, shown, quiet=False, goes_on=False)
        except LeftRunning:
            return exits.INTERRUPTED
        if job["status"] == "cancelled":
            return exits.INTERRUPTED
        report = results_dir / job_id / "report.html"
        if job["status"] == "done":
            await api.save(job_id, "report.html", report)
    truth = await _truth(stack.simulator_url)
    if job["status"] != "done":
        say(f"The benchmark ended as {job['status']}: {job['error']}")
        return 1
    show.console.print(_beside_the_truth(job, truth))
    wrong = _differences(job, truth)
    for difference in wrong:
        say(f"Differs from the ledger: {difference}")
    if not wrong:
        say("Counts, outcomes, tokens and cost equal the simulator's ledger.")
    first_call_s = truth.first_call_s - posted_s
    say(f"From POST to the first call upstream: {show.ms(first_call_s)} ms")
    say(show.verdict(job))
    say(f"Every call is a row of {results_dir / job_id / 'samples.csv'}")
    say(f"The report, for a browser: {report}")
    return 1 if wrong else 0


async def _truth(simulator_url: str) -> Truth:
    base = httpx.URL(simulator_url).join("/sim/")
    async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
        summary = (await http.get("summary")).raise_for_status().json()
        page = (await http.get("ledger", params={"limit": 1})).raise_for_status().json()
    return Truth(summary["models"], page["records"][0]["received_s"])


def _beside_the_truth(job: Job, truth: Truth) -> Table:
    table = show.table("model", "What was measured, and what the simulator truly did")
    table.add_column("")
    for column in ("measured", "true", "off by"):
        table.add_column(column, justify="right", no_wrap=True)
    for target in job["result"]["targets"]:
        true = truth.models[target["model"]]
        ok = f"{target['counts']['ok']} of {target['total_runs']} ok"
        table.add_row(
            target["model"], "latency p50, ms", *_median(target, true, "latency")
        )
        table.add_row(ok, "TTFT p50, ms", *_median(target, true, "ttft"))
        tokens = (target["tokens"]["output"], true["completion_tokens"])
        table.add_row("", "output tokens", *map(show.text, tokens))
        cost = (target["cost"]["billed_usd"], true["cost_usd"])
        table.add_row("", "USD", *map(show.usd, cost), end_section=True)
    return table


def _median(
    target: dict[str, Any], true: dict[str, Any], metric: str
) -> tuple[str, str, str]:
    """Ours, the truth's, and by how much ours is greater."""
    ours, theirs = target[metric]["p50"]["point"], true[f"{metric}_s"]["p50"]
    off = None if ours is None or theirs is None else ours - theirs
    return show.ms(ours), show.ms(theirs), show.ms(off)


def _differences(job: Job, truth: Truth) -> list[str]:
    """Each number that must be equal and is not, as a sentence."""
    found = []
    for target in job["result"]["targets"]:
        true = truth.models.get(target["model"], {})
        counts, tokens = target["counts"], target["tokens"]
        rows = target["total_runs"] + counts["retries"] + counts["turned_away"]
        pairs = {
            "calls": (rows, true.get("calls")),
            "outcomes": (counts["outcomes"], true.get("outcomes")),
            "prompt tokens": (tokens["prompt"], true.get("prompt_tokens")),
            "output tokens": (tokens["output"], true.get("completion_tokens")),
            "reasoning tokens": (tokens["reasoning"], true.get("reasoning_tokens")),
            "USD": (
                _usd(target["cost"]["billed_usd"]),
                _usd(true.get("cost_usd")),
            ),
        }
        found += [
            f"{target['model']}: {name} {ours}, truly {theirs}"
            for name, (ours, theirs) in pairs.items()
            if ours != theirs
        ]
    return found


def _usd(amount: float | str | None) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(_CENT_FRACTION)
