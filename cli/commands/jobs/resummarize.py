"""`llmbench resummarize`: what a benchmark came to, made of its rows again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import exits, show
from cli.client import Api, Job
from cli.terminal import Url, ask, note
from shared.errors import BenchError
from shared.run import is_job_id

MOST_SHOWN = 10


def resummarize(
    jobs: Annotated[
        list[str],
        typer.Argument(help="Ids, or folders of results: these need no API."),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="As a JSON array, for programs.")
    ] = False,
    url: Url = None,
) -> None:
    """Summarise benchmarks that have ended again, from their rows, by this version.

    The old summary stays beside the new one, as summary.1.json and so on.

    Example: llmbench resummarize 01JZ8M5T7Q results/01JZ8M6A2B4W9E2R6Y8V0B3N5C
    """
    found = []
    for job in jobs:
        found.append(_here(Path(job)) if _is_folder(job) else _there(job, url))
        if not as_json:
            for line in lines(found[-1]):
                show.console.print(show.text(line), soft_wrap=True)
    if as_json:
        typer.echo(show.as_json(found))


def _is_folder(job: str) -> bool:
    return (Path(job) / "samples.csv").is_file()


def _there(job: str, url: str | None) -> Job:
    async def asked(api: Api) -> Job:
        return await api.resummarize(job)

    return ask(url, asked)


def _here(folder: Path) -> Job:
    from shared.outputs.resummarize import resummarize as again

    folder = folder.resolve()
    if not is_job_id(folder.name):
        note(f"{folder.name} is no id of a benchmark, so {folder} is none's folder.")
        raise typer.Exit(exits.USAGE)
    try:
        return again(folder.parent, folder.name).model_dump(mode="json")
    except BenchError as error:
        note(str(error))
        raise typer.Exit(exits.USAGE) from None


def lines(found: Job) -> list[str]:
    """What became of it, for people."""
    before, after = found["before"] or "an earlier version", found["after"]
    old, new = found["verdicts"]
    verdict = f"verdict {new}" if old == new else f"verdict {new}, it was {old or '-'}"
    if not found["changed"]:
        return [f"{found['job_id']}: nothing has changed since {before}; {verdict}."]
    said = [
        f"{found['job_id']}: by {after}, before by {before}; {verdict};"
        f" {found['changed']:,} figures are others. The old summary is"
        f" {found['kept_as']}."
    ]
    said += [
        f"  {one['what']}: {_short(one['before'])} -> {_short(one['after'])}"
        for one in found["changes"][:MOST_SHOWN]
    ]
    more = found["changed"] - MOST_SHOWN
    said += [f"  and {more:,} more"] if more > 0 else []
    return [*said, f"  As before: {', '.join(found['carried'])}."]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    said = "-" if value is None else str(value)
    return said if len(said) <= 60 else f"{said[:57]}..."
