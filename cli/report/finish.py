"""The end of `run`, `watch` and `show`: files, documents, the report, the exit code."""

from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from cli import exits, show
from cli.client import Api, Refused
from cli.report import screen, sentences
from cli.report.document import as_csv, as_json
from cli.report.judge import GateOutcome, Job, exit_code, judge
from cli.report.junit import as_junit
from cli.report.markdown import as_markdown
from cli.report.options import STDOUT, Options
from shared.startup import checks

FILES = ("samples.csv", "responses.jsonl", "plan.json", "summary.json")


async def finish(job: Job, options: Options, console: Console, api: Api) -> int:
    """Judge it, show and write what `options` ask for; the exit code.

    It is shown first: what came of it has been paid for, whatever becomes of the files.
    One that cannot be written or had is said, and only where the gates hold is the exit
    code that of it. console: stdout's.
    """
    judged = judge(options.gates, job, strict=options.strict)
    where = options.output or _folder_here(job["job_id"]) or _address(job, api)
    _show(job, judged, options, console, where)
    code = exit_code(job, judged)
    for file, document in (
        (options.csv, as_csv(job)),
        (options.junit, as_junit(job, judged)),
        (options.markdown, as_markdown(job, judged)),
    ):
        if file is not None and file != STDOUT and not _is_written(file, document):
            code = code or exits.USAGE
    if options.output is not None:
        downloaded = await _download(job, options.output, api)
        code = code or downloaded
    return code


def _show(
    job: Job,
    judged: tuple[GateOutcome, ...],
    options: Options,
    console: Console,
    where: Path | str,
) -> None:
    if options.json:
        print(show.as_json(as_json(job, judged)))
    elif options.csv == STDOUT:
        print(as_csv(job), end="")
    elif options.quiet:
        _say_in_short(job, judged, console)
    else:
        screen.show(job, judged, console, where=where)


def _say_in_short(job: Job, judged: tuple[GateOutcome, ...], console: Console) -> None:
    """How it came out, and each gate that failed."""
    screen.line(console, sentences.in_short(job))
    for one in judged:
        if one.failed:
            console.print(Text(sentences.gate(one)), soft_wrap=True)


async def _download(job: Job, folder: Path, api: Api) -> int:
    """Write its files into the folder; the exit code of that alone."""
    try:
        _make(folder)
        for name in FILES:
            await api.save(job["job_id"], name, folder / name)
    except OSError as error:
        _say(f"--output {folder}: {error.strerror or error}.")
        return exits.USAGE
    except Refused as error:
        _say(f"--output {folder}: {error}")
        return exits.UNREACHABLE
    return exits.OK


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _is_written(file: Path, document: str) -> bool:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document, "utf-8")
    except OSError as error:
        _say(f"{file} cannot be written ({error.strerror or error}).")
        return False
    return True


def _say(words: str) -> None:
    typer.echo(show.text(words), err=True)


def _folder_here(job_id: str) -> Path | None:
    """Where its files lie on this machine, if they do."""
    settings, _ = checks.read()
    if settings is None:
        return None
    folder: Path = settings.results_dir / job_id
    return folder if (folder / "summary.json").is_file() else None


def _address(job: Job, api: Api) -> str:
    return f"{api.url}/benchmark/{job['job_id']}"
