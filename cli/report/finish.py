"""The end of `run`, `watch` and `show`: files, documents, the report, the exit code."""

from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from cli import exits, show
from cli.client import ENDED, Api, Refused
from cli.report import screen, sentences
from cli.report.against import HeldTo, held, held_to
from cli.report.document import as_csv, as_json
from cli.report.judge import GateOutcome, Job, exit_code, judge
from cli.report.junit import as_junit
from cli.report.markdown import as_markdown
from cli.report.options import STDOUT, Options
from shared.opinion import FILE as JUDGED
from shared.startup import checks

FILES = ("samples.csv", "responses.jsonl", "plan.json", "summary.json")


async def finish(job: Job, options: Options, console: Console, api: Api) -> int:
    """Judge it, show and write what `options` ask for; the exit code.

    It is shown first: what came of it has been paid for, whatever becomes of the files.
    One that cannot be written or had is said, and only where the gates hold is the exit
    code that of it. console: stdout's.
    """
    strict = options.strict
    compared = None
    if options.against is not None and job["status"] in ENDED:
        compared = await held_to(api, job, options.against)
    judged = judge(options.gates, job, strict=strict)
    if job["status"] in ENDED:
        judged += held(options.changes, compared, strict=strict)
    where = options.output or _folder_here(job["job_id"]) or _address(job, api)
    _show(job, judged, compared, options, console, where)
    code = exit_code(job, judged)
    for file, document in (
        (options.csv, as_csv(job)),
        (options.junit, as_junit(job, judged, compared)),
        (options.markdown, as_markdown(job, judged, compared)),
    ):
        if file is not None and file != STDOUT and not _is_written(file, document):
            code = code or exits.USAGE
    if options.output is not None:
        downloaded = await _download(job, options.output, api)
        code = code or downloaded
    if options.save_as is not None and code == exits.OK:
        code = await _named(job, options.save_as, api)
    return code


def _show(
    job: Job,
    judged: tuple[GateOutcome, ...],
    compared: HeldTo | None,
    options: Options,
    console: Console,
    where: Path | str,
) -> None:
    if options.json:
        print(show.as_json(as_json(job, judged, compared)))
    elif options.csv == STDOUT:
        print(as_csv(job), end="")
    elif options.quiet:
        _say_in_short(job, judged, console)
    else:
        screen.show(job, judged, console, where=where, beside=compared)


def _say_in_short(job: Job, judged: tuple[GateOutcome, ...], console: Console) -> None:
    """How it came out, and each gate that failed, or of which nobody can tell."""
    screen.line(console, sentences.in_short(job))
    for one in judged:
        if one.failed or one.is_open:
            console.print(Text(sentences.gate(one)), soft_wrap=True)


async def _named(job: Job, name: str, api: Api) -> int:
    """Let it be this baseline from now on; the exit code of that alone. One that is not
    done, which `show` ends with 0 too, gets no name."""
    if job["status"] != "done":
        return exits.OK
    try:
        await api.set_baseline(name, job["job_id"])
    except Refused as error:
        _say(f"--save-as {name}: {error}")
        return exits.UNREACHABLE if error.status >= 500 else exits.USAGE
    _say(f"{job['job_id']} is the baseline {name} from now on.")
    return exits.OK


async def _download(job: Job, folder: Path, api: Api) -> int:
    """Write its files into the folder; the exit code of that alone."""
    try:
        _make(folder)
        judged = (JUDGED,) if (job["result"] or {}).get("judging") else ()
        for name in (*FILES, *judged):
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
