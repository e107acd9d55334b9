"""The end of `run`, `watch` and `show`: files, documents, the report, the exit code."""

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from cli.client import Api, Refused
from cli.report import sentences
from cli.report.document import as_csv, as_json
from cli.report.judge import GateOutcome, Job, exit_code, judge
from cli.report.junit import as_junit
from cli.report.markdown import as_markdown
from cli.report.options import STDOUT, Options
from cli.report.screen import line, show
from shared.startup import checks

FILES = ("samples.csv", "responses.jsonl", "plan.json", "summary.json")


async def finish(job: Job, options: Options, console: Console, api: Api) -> int:
    """Judge it, write and show what `options` ask for; the exit code.

    console: stdout's. Raises Refused where a file cannot be had.
    """
    judged = judge(options.gates, job, strict=options.strict)
    if options.output is not None:
        await _download(job, options.output, api)
    where = options.output or _folder_here(job["job_id"]) or _address(job, api)
    for file, text in (
        (options.csv, as_csv(job)),
        (options.junit, as_junit(job, judged)),
        (options.markdown, as_markdown(job, judged)),
    ):
        if file is not None and file != STDOUT:
            _write(file, text)
    if options.json:
        print(json.dumps(as_json(job, judged), ensure_ascii=False, indent=2))
    elif options.csv == STDOUT:
        print(as_csv(job), end="")
    elif options.quiet:
        _say_in_short(job, judged, console)
    else:
        show(job, judged, console, where=where)
    return exit_code(job, judged)


def _say_in_short(job: Job, judged: tuple[GateOutcome, ...], console: Console) -> None:
    """How it came out, and each gate that failed."""
    _, first = next(iter(sentences.verdict(job)))
    line(console, f"{job['job_id']}: {job['status']}. {first}")
    for one in judged:
        if one.failed:
            console.print(Text(sentences.gate(one)), soft_wrap=True)


async def _download(job: Job, folder: Path, api: Api) -> None:
    try:
        _make(folder)
        for name in FILES:
            await api.save(job["job_id"], name, folder / name)
    except OSError as error:
        raise Refused(f"--output {folder}: {error.strerror or error}.") from None


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror or error}") from None


def _folder_here(job_id: str) -> Path | None:
    """Where its files lie on this machine, if they do."""
    settings, _ = checks.read()
    if settings is None:
        return None
    folder: Path = settings.results_dir / job_id
    return folder if (folder / "summary.json").is_file() else None


def _address(job: Job, api: Api) -> str:
    return f"{api.url}/benchmark/{job['job_id']}"
