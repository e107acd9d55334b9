"""`llmbench rerun`: a benchmark done again, the same or otherwise."""

from typing import Annotated, Any

import typer
from pydantic_core import from_json

from cli import exits, show
from cli.client import Api, Job
from cli.live import LeftRunning, follow
from cli.report import Options, check_job, finish, reported
from cli.terminal import Url, ask, console, note


@reported
def rerun(
    job: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    failed: Annotated[
        bool, typer.Option("--failed", help="Only the calls that failed.")
    ] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="A field of the plan that is otherwise; dots lead inside, and null is"
            " the default. May be repeated.",
        ),
    ] = None,
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Follow it; the options below are of its end."),
    ] = False,
    *,
    made: Options,
    url: Url = None,
) -> None:
    """Do a benchmark again, as a new one.

    Example: llmbench rerun 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --set runs=1 --wait
    """
    otherwise = laid_out(changes or [])
    if made != Options() and not wait:
        raise typer.BadParameter(
            "What is made of its end needs --wait.", param_hint="--wait"
        )

    async def again(api: Api) -> int:
        if made.all_gates and not otherwise:  # else its names may be others
            check_job(made.all_gates, await api.job(job))
        queued = await api.rerun(job, failed=failed, changes=otherwise)
        for warning in queued["warnings"] if not made.quiet else ():
            note(show.text(warning))
        job_id = queued["job_id"]
        if not wait:
            show.console.print(f"{job_id} is queued.")
            return exits.OK
        if not made.quiet:
            note(f"{job_id} is queued.")
        try:
            ended = await follow(api, job_id, console(stderr=True), quiet=made.quiet)
        except LeftRunning:
            return exits.INTERRUPTED
        return await finish(ended, made, console(), api)

    raise typer.Exit(ask(url, again))


def laid_out(said: list[str]) -> Job:
    """What `--set` says, as an object. A value that is no JSON is the text itself.

    >>> laid_out(["runs=1", "load.kind=poisson", "load.rate_per_s=2"])
    {'runs': 1, 'load': {'kind': 'poisson', 'rate_per_s': 2}}
    """
    found: Job = {}
    for each in said:
        path, equals, value = each.partition("=")
        *inside, name = path.split(".")
        if not equals or not all((*inside, name)):
            raise typer.BadParameter(
                f"{each!r}: write FIELD=VALUE, such as runs=1 or load.concurrency=4.",
                param_hint="--set",
            )
        place = found
        for part in inside:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise typer.BadParameter(
                    f"{each!r}: {part} has a value already.", param_hint="--set"
                )
        place[name] = _value(value)
    return found


def _value(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return text
