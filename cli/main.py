"""`llmbench`: the list of its commands."""

from collections.abc import Callable

import typer

from cli.commands import account, demo, jobs, models, run, selftest, up

COMMANDS: dict[str, Callable[..., None]] = {
    "up": up.up,
    "demo": demo.demo,
    "run": run.run,
    "list": jobs.list_jobs,
    "show": jobs.show_job,
    "cancel": jobs.cancel,
    "pause": jobs.pause,
    "resume": jobs.resume,
    "rerun": jobs.rerun,
    "models": models.models,
    "account": account.account,
    "selftest": selftest.selftest,
}
"""In the order of `llmbench --help`."""

app = typer.Typer(
    help="Which model, from which provider, is how fast, how reliable and how dear?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for name, command in COMMANDS.items():
    app.command(name)(command)
