"""`llmbench`: the list of its commands.

Each is imported when it is asked for, so that `llmbench --help` and a completion wait
for no HTTP client and no table.
"""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.pipes import outlive_readers

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run:run", "Run a benchmark of prompts or of a plan."),
    "recipe": ("recipe:recipe", "Ready plans for the frequent questions."),
    "init": ("plans:init", "Write a plan to begin with."),
    "schema": ("plans:schema", "The JSON Schema of a plan, for editors."),
    "list": ("jobs.list_jobs:list_jobs", "The benchmarks, newest first."),
    "watch": ("watch:watch", "Follow a benchmark to its end."),
    "show": ("watch:show", "One benchmark: what came of it, or how it goes."),
    "baseline": (
        "jobs.baseline:baseline",
        "Names of benchmarks that others are held to.",
    ),
    "compare": ("jobs.compare:compare", "Which is better, and is that real."),
    "history": ("jobs.history:history", "What a target has come to, run by run."),
    "resummarize": (
        "jobs.resummarize:resummarize",
        "Summarise a benchmark again, by this version.",
    ),
    "tag": ("jobs.tag:tag", "Tag a benchmark, name it, note something."),
    "download": ("jobs.download:download", "The files of a benchmark that has ended."),
    "report": ("jobs.report:report", "One file with figures, to keep and send."),
    "cancel": ("jobs.control:cancel", "End a benchmark; what was measured is kept."),
    "pause": ("jobs.control:pause", "Let a benchmark rest."),
    "resume": ("jobs.control:resume", "Let a paused benchmark go on."),
    "rerun": ("jobs.rerun:rerun", "Do a benchmark again, as a new one."),
    "delete": ("jobs.delete:delete", "Delete a benchmark and every trace of it."),
    "generate": ("generate:generate", "Ask one model one thing."),
    "models": ("models:models", "What can be asked, and for how much."),
    "account": ("account:account", "What may still be spent and called."),
    "up": ("machine.up:up", "The whole stack on this machine, until Ctrl-C."),
    "demo": ("machine.demo:demo", "A benchmark of simulated models, beside the truth."),
    "simulate": (
        "machine.simulate:simulate",
        "The simulated models alone, until Ctrl-C.",
    ),
    "selftest": (
        "machine.selftest:selftest",
        "How wrong this machine's measurements are.",
    ),
    "token": ("machine.token:token", "Who may ask the API, and for what."),
    "doctor": (
        "machine.doctor:doctor",
        "What hinders it here, and what to do about that.",
    ),
}
"""Name -> function in `cli.commands`, and its line of `llmbench --help`, in order."""


class Late(TyperCommand):
    """A command's name and line, until it is asked for."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the command itself, which is imported now."""
        command = load(self.name or "")
        return command.make_context(info_name, args, parent, **extra)


def load(name: str) -> TyperCommand | TyperGroup:
    """The command itself, with its options; or a family of commands."""
    module, function = COMMANDS[name][0].split(":")
    found = getattr(import_module(f"cli.commands.{module}"), function)
    alone = found
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name)(found)
    command = get_command(alone)
    if not isinstance(command, TyperCommand | TyperGroup):
        raise TypeError(f"cli.commands.{module}:{function} is no command of typer's")
    return command


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"llmbench {version('llmbench')}")
        raise typer.Exit


app = typer.Typer(
    help="Which model, from which provider, is how fast, how reliable and how dear?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _whole(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, help="Show it and exit."),
    ] = False,
) -> None:
    pass


for _name, (_, _line) in COMMANDS.items():
    app.command(_name, cls=Late, help=_line)(lambda: None)


def main() -> None:
    """The command that `sys.argv` names, until the process ends with its exit code."""
    outlive_readers()
    app(prog_name="llmbench")
