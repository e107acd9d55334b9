"""`llmbench run`: a benchmark of prompts or of a plan, followed to its end."""

import asyncio
from dataclasses import fields
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli import exits, plan, quote, report, show
from cli.client import Api
from cli.live import LeftRunning, follow
from cli.plan import options as flag
from cli.preflight import preflight
from cli.stack import DATA_DIR, ChosenStack, WantedStack, chosen
from cli.terminal import Url, attempt, console, note, read_settings
from shared.errors import BadPlan, BenchError
from shared.settings import Settings

CANCEL_S = 5.0
"""Whoever sends SIGTERM sends SIGKILL soon after."""

File = Annotated[
    str,
    typer.Argument(
        help="Prompts (.txt: a line is one; .jsonl, .csv), or a plan (.yaml, .yml,"
        " .json; - is standard input).",
        show_default=False,
    ),
]


@report.reported
def run(
    ctx: typer.Context,
    file: File,
    model: flag.Model = None,
    provider: flag.Provider = None,
    providers: flag.Providers = None,
    runs: flag.Runs = None,
    max_tokens: flag.MaxTokens = None,
    temperature: flag.Temperature = None,
    seed: flag.Seed = None,
    system_prompt: flag.SystemPrompt = None,
    stream: flag.Stream = None,
    keep_answers: flag.KeepAnswers = None,
    retries: flag.Retries = None,
    concurrency: flag.Concurrency = None,
    rate: flag.Rate = None,
    load: flag.Load = None,
    duration: flag.Duration = None,
    count: flag.Count = None,
    warmup: flag.Warmup = None,
    sweep: flag.Sweep = None,
    find: flag.Find = False,
    until_decided: flag.UntilDecided = None,
    margin: flag.Margin = None,
    slo: flag.SloText = None,
    check: flag.CheckText = None,
    max_cost_usd: flag.MaxCostUsd = None,
    name: flag.Name = None,
    tag: flag.Tag = None,
    print_plan: Annotated[
        bool, typer.Option("--print-plan", help="Show the whole plan as YAML and stop.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what it would cost and take.")
    ] = False,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Against simulated models; no key.")
    ] = False,
    look_first: Annotated[
        bool,
        typer.Option(
            "--preflight/--no-preflight", help="First one call to each target."
        ),
    ] = True,
    data_dir: Annotated[
        Path, typer.Option(help="Where a stack of this folder keeps its data.")
    ] = DATA_DIR,
    *,
    made: report.Options,
    url: Url = None,
) -> None:
    """Run a benchmark of prompts or of a plan, and show what came of it.

    Where no stack runs, one is started for this benchmark. Flags win over the plan.
    Progress goes to standard error, what came of it to standard output.

    Example: llmbench run examples/plan.yaml --simulate --fail-if "ttft.p95 > 1s"
    """
    if print_plan and dry_run:
        note("--print-plan contradicts --dry-run: either shows something and stops.")
        raise typer.Exit(exits.USAGE)
    settings = read_settings()
    flags = plan.Flags(
        **{each.name: ctx.params[each.name] for each in fields(plan.Flags)}
    )
    asked = _plan(file, flags, settings, made)
    if print_plan:
        typer.echo(plan.as_yaml(asked), nl=False)
        return
    wanted = WantedStack(url=url, simulate=simulate, data_dir=data_dir)
    begin(asked, settings, wanted, made, dry_run=dry_run, look_first=look_first)


def begin(
    asked: plan.DescribedPlan,
    settings: Settings,
    wanted: WantedStack,
    made: report.Options,
    *,
    dry_run: bool,
    look_first: bool,
) -> NoReturn:
    """Run it to its end, or tell what it would cost; ends the command."""

    async def work() -> int:
        tell = _hush if made.quiet else note
        async with chosen(wanted, settings, tell) as stack, Api(stack.url) as api:
            if dry_run or made.against:  # before the preflight, which costs a call
                quoted = await api.quote_plan(asked.json(), against=made.against)
            if dry_run:
                quote.draw(quoted)
                return exits.OK
            if look_first:
                await preflight(api, asked.plan, note, quiet=made.quiet)
            return await followed(api, asked, stack, made)

    raise typer.Exit(attempt(work()))


def _plan(
    file: str, flags: plan.Flags, settings: Settings, made: report.Options
) -> plan.DescribedPlan:
    """The plan, checked, with all names that its gates have."""
    is_plan = file == "-" or Path(file).suffix.lower() in plan.PLANS
    try:
        document = plan.read(file) if is_plan else plan.of_prompts(Path(file))
        asked = plan.build(document, flags, settings)
        report.check_names(made.all_gates, asked.plan)
    except BadPlan as error:
        note(str(error))
        raise typer.Exit(exits.USAGE) from None
    return asked


def _hush(words: str) -> None:
    """`--quiet`: what is no error is not said."""


async def followed(
    api: Api, asked: plan.DescribedPlan, stack: ChosenStack, made: report.Options
) -> int:
    """Queue it and show it to its end; the exit code. With a stack of its own it ends
    when that can be shown no more."""
    accepted = await api.submit_plan(asked.json(), against=made.against)
    job_id = accepted["job_id"]
    tell = _hush if made.quiet else note
    for warning in accepted["warnings"]:
        tell(show.text(warning))
    goes_on = (
        "Ctrl-C cancels it."
        if stack.is_ours
        else f"It goes on without this terminal; to end it: llmbench cancel {job_id}"
    )
    tell(f"{job_id} is queued. {goes_on}")
    shown = console(stderr=True)
    try:
        job = await follow(
            api, job_id, shown, quiet=made.quiet, goes_on=not stack.is_ours
        )
    except LeftRunning:
        return exits.INTERRUPTED
    except (asyncio.CancelledError, BenchError):
        if stack.is_ours:
            await _cancel(api, job_id)
        raise
    return await report.finish(job, made, console(), api)


async def _cancel(api: Api, job_id: str) -> None:
    """Its stack ends with this command, and so does it: the next stack of this folder
    would go on with it otherwise, and somebody would pay for that unasked."""
    try:
        async with asyncio.timeout(CANCEL_S):
            await api.cancel(job_id)
            note(f"{job_id} is being cancelled; what was measured is kept.")
            async for _ in api.follow(job_id, note):
                pass
    except TimeoutError:
        note(f"{job_id} has not ended within {CANCEL_S:g} s of that.")
    except BenchError as error:
        note(f"{job_id} could not be cancelled: {error}")
