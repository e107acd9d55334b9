"""`llmbench`: the commands, each a few lines over the API or the stack."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cli import show
from cli.client import Account, Api, Job
from shared.errors import BenchError
from shared.settings import Settings
from shared.startup import checks, start
from shared.startup.ports import url_of

Answer = TypeVar("Answer")

app = typer.Typer(
    help="Which model, from which provider, is how fast, how reliable and how dear?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Url = Annotated[
    str | None, typer.Option(help="The API; by default that of HOST and PORT.")
]
DataDir = Annotated[Path, typer.Option(help="Where the embedded store keeps its data.")]


@app.command()
def up(
    host: Annotated[str | None, typer.Option(help="Instead of HOST.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Instead of PORT; 0: a free one."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 2,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Against simulated models; no key.")
    ] = False,
    data_dir: DataDir = Path(".llmbench"),
) -> None:
    """Run the whole stack on this machine until Ctrl-C."""
    from cli.up import up as run_up

    raise typer.Exit(
        run_up(
            _settings(),
            host=host,
            port=port,
            workers=workers,
            simulate=simulate,
            data_dir=data_dir,
        )
    )


@app.command()
def demo(
    runs: Annotated[int, typer.Option(min=1, help="Times each prompt is asked.")] = 3,
) -> None:
    """A benchmark of three simulated models, beside what they truly did."""
    from cli.demo import demo as run_demo

    raise typer.Exit(run_demo(_settings(), runs))


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A text file; each line is a prompt.")],
    model: Annotated[list[str], typer.Option(help="May be given several times.")],
    runs: Annotated[int, typer.Option(help="Times each prompt is asked.")] = 5,
    concurrency: Annotated[int, typer.Option(help="Calls open at once.")] = 8,
    max_tokens: Annotated[int, typer.Option(help="Of each answer.")] = 512,
    max_cost_usd: Annotated[
        float | None, typer.Option(help="A budget; no call begins that may exceed it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what it would cost and take.")
    ] = False,
    url: Url = None,
) -> None:
    """Run a benchmark and show its figures.

    Exits with 1 unless it is done, with some success and a verdict that is not invalid.
    """
    fields: dict[str, Any] = {
        "model": model,
        "runs": runs,
        "concurrency": concurrency,
        "max_tokens": max_tokens,
    }
    if max_cost_usd is not None:
        fields["max_cost_usd"] = max_cost_usd
    try:
        prompts = file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None

    if dry_run:
        _quote(file.name, prompts, fields, _url(url))
        return

    async def submit_and_follow() -> Job:
        async with Api(_url(url)) as api:
            accepted = await api.submit(file.name, prompts, fields)
            job_id = accepted["job_id"]
            for warning in accepted["warnings"]:
                show.console.print(warning)
            show.console.print(
                f"{job_id} is queued; it goes on without this terminal."
                f" To end it: llmbench cancel {job_id}"
            )
            return await show.follow(api.follow(job_id, show.console.print))

    job = _ask(submit_and_follow())
    _print(job)
    raise typer.Exit(0 if show.stands(job) else 1)


@app.command("list")
def list_jobs(url: Url = None) -> None:
    """The benchmarks, newest first."""

    async def ask() -> list[Job]:
        async with Api(_url(url)) as api:
            return await api.jobs()

    show.console.print(show.jobs(_ask(ask())))


@app.command("show")
def show_job(job: str, url: Url = None) -> None:
    """One benchmark: its state, and its figures once it has ended."""

    async def ask() -> Job:
        async with Api(_url(url)) as api:
            return await api.job(job)

    _print(_ask(ask()))


@app.command()
def cancel(job: str, url: Url = None) -> None:
    """End a benchmark; what was measured is kept."""

    async def ask() -> Job:
        async with Api(_url(url)) as api:
            return await api.cancel(job)

    _ask(ask())
    show.console.print(f"{job} is being cancelled; what was measured is kept.")


@app.command()
def pause(job: str, url: Url = None) -> None:
    """Let a benchmark rest; calls in flight finish and are counted."""

    async def ask() -> Job:
        async with Api(_url(url)) as api:
            return await api.pause(job)

    show.console.print(f"{job} is {_ask(ask())['status']}.")


@app.command()
def resume(job: str, url: Url = None) -> None:
    """Let a paused benchmark go on."""

    async def ask() -> Job:
        async with Api(_url(url)) as api:
            return await api.resume(job)

    show.console.print(f"{job} is {_ask(ask())['status']}.")


@app.command()
def rerun(
    job: str,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only the calls that failed.")
    ] = False,
    url: Url = None,
) -> None:
    """Do a benchmark again, as a new one."""

    async def ask() -> Job:
        async with Api(_url(url)) as api:
            return await api.rerun(job, failed=failed)

    show.console.print(f"{_ask(ask())['job_id']} is queued.")


@app.command()
def models(
    which: Annotated[str, typer.Option("--filter", help="free or all")] = "free",
    url: Url = None,
) -> None:
    """The upstream's text models, with their prices."""

    async def ask() -> list[Job]:
        async with Api(_url(url)) as api:
            return await api.models(which)

    show.console.print(show.models(_ask(ask())))


@app.command()
def account(url: Url = None) -> None:
    """What the account may still spend and call, by the upstream's count and ours."""
    from cli.account import notes, table

    async def ask() -> Account:
        async with Api(_url(url)) as api:
            return await api.account()

    found = _ask(ask())
    show.console.print(table(found))
    for note in notes(found):
        show.console.print(note)


@app.command()
def selftest(
    streams: Annotated[
        str | None, typer.Option(help="Open at once; by default 1,50,200.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole result, for programs.")
    ] = False,
) -> None:
    """Measure how wrong this machine's measurements are; takes most of a minute."""
    from cli.selftest import selftest as run_selftest

    raise typer.Exit(run_selftest(streams, as_json=as_json))


def _quote(name: str, prompts: bytes, fields: dict[str, Any], url: str) -> None:
    from cli.quote import notes, table

    async def ask() -> Job:
        async with Api(url) as api:
            return await api.quote(name, prompts, fields)

    quoted = _ask(ask())
    show.console.print(table(quoted))
    for note in notes(quoted):
        show.console.print(note)


def _print(job: Job) -> None:
    show.console.print(show.figures(job))
    show.console.print(show.verdict(job))
    if job["stopped_by"] == "budget":
        show.console.print("It stopped at its budget, with what it had by then.")
    if job["error"]:
        show.console.print(job["error"])


def _ask(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """What came of it; an error of ours as its sentence, with exit code 1."""
    try:
        return asyncio.run(asking)
    except BenchError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None


def _url(url: str | None) -> str:
    settings = _settings()
    return url or url_of(settings.host, settings.port)


def _settings() -> Settings:
    """The settings; what is wrong or doubtful as a line each, and exit code 2 for what
    is wrong."""
    settings, found = checks.read()
    if settings is not None:
        found = checks.names([*os.environ])
    for each in found:
        typer.echo(each.line, err=True)
    if settings is None:
        raise typer.Exit(start.WRONG)
    return settings
