"""`llmbench recipe`: ready plans for the frequent questions."""

from pathlib import Path
from typing import Annotated

import typer

from cli import exits, plan, report
from cli.commands.run import begin
from cli.stack import DATA_DIR, WantedStack
from cli.terminal import Url, note, read_settings
from shared.errors import BadPlan
from shared.recipes import NAMES, filled, question_of


@report.reported
def recipe(
    name: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(NAMES)}.")
    ] = None,
    models: Annotated[list[str] | None, typer.Argument(help="Whom to ask.")] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="Your prompts (.txt, .jsonl, .csv) for those made up."),
    ] = None,
    run_it: Annotated[
        bool, typer.Option("--run", help="Run it, as `llmbench run` does.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what it would cost and take.")
    ] = False,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Against simulated models; no key.")
    ] = False,
    *,
    made: report.Options,
    url: Url = None,
) -> None:
    """Print a ready plan, or run it; without a name, list them.

    Its comments say how to read the result. The options of a report are of --run.

    Example: llmbench recipe providers acme/osprey-32b | llmbench run - --simulate
    """
    if name is None:
        for each in NAMES:
            typer.echo(f"{each}\t{question_of(each)}")
        return
    does = run_it or dry_run
    if (simulate or made != report.Options()) and not does:
        raise typer.BadParameter("What is made of its end needs --run.")
    settings = read_settings() if does else None
    try:
        text = filled(name, models or (), None if prompts is None else str(prompts))
        if settings is None:
            typer.echo(text, nl=False)
            return
        document = plan.parse(text, f"recipe {name}", Path())
        asked = plan.build(document, plan.Flags(), settings)
        report.check_names(made.all_gates, asked.plan)
    except BadPlan as error:
        note(str(error))
        raise typer.Exit(exits.USAGE) from None
    wanted = WantedStack(url=url, simulate=simulate, data_dir=DATA_DIR)
    begin(asked, settings, wanted, made, dry_run=dry_run, look_first=True)
