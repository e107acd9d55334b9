"""`llmbench run`: a benchmark of a prompt file, followed to its end."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import show
from cli.client import Api, Job
from cli.commands import quote
from cli.terminal import Url, ask


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
        quote.draw(ask(url, lambda api: api.quote(file.name, prompts, fields)))
        return

    async def submit_and_follow(api: Api) -> Job:
        accepted = await api.submit(file.name, prompts, fields)
        job_id = accepted["job_id"]
        for warning in accepted["warnings"]:
            show.console.print(warning)
        show.console.print(
            f"{job_id} is queued; it goes on without this terminal."
            f" To end it: llmbench cancel {job_id}"
        )
        return await show.follow(api.follow(job_id, show.console.print))

    job = ask(url, submit_and_follow)
    show.job(job)
    raise typer.Exit(0 if show.stands(job) else 1)
