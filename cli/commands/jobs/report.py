"""`llmbench report`: a benchmark, or several beside each other, in one file."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli import exits, show
from cli.client import Api
from cli.ids import whole
from cli.terminal import Url, ask, note

KINDS = (".html", ".md", ".pdf")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What prints a PDF; the first that is installed."""
_PRINT_S = 120


def report(
    jobs: Annotated[
        list[str],
        typer.Argument(help="One, or up to eight that are compared: ids or so."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="FILE.html, FILE.md or FILE.pdf."),
    ] = None,
    url: Url = None,
) -> None:
    """Write a report: figures, verdict, plan, environment, comparison, definitions.

    The HTML is one file of about 5 MB that asks nothing of any host. A PDF is printed
    of it by the Chromium of this machine.

    Example: llmbench report 01JZ8M5T7Q 01JZ8M6A2B -o report.html
    """
    file = output or Path("report.html")
    kind = file.suffix.lower()
    if kind not in KINDS:
        note(f"{show.text(file)} is no kind of report. Name it {', '.join(KINDS)}.")
        raise typer.Exit(exits.USAGE)
    browser = browser_of() if kind == ".pdf" else None
    if kind == ".pdf" and browser is None:
        note(
            "A PDF is printed by Chromium, and none of"
            f" {', '.join(BROWSERS)} is on PATH. Install one, or write a .html and"
            " print that."
        )
        raise typer.Exit(exits.USAGE)
    try:
        if browser is None:
            ask(url, lambda api: _saved(api, jobs, kind.lstrip("."), file))
        else:
            with tempfile.TemporaryDirectory() as folder:
                page = Path(folder) / "report.html"
                ask(url, lambda api: _saved(api, jobs, "html", page))
                _print(browser, page, file)
    except OSError as error:
        note(f"{show.text(file)} cannot be written ({error.strerror}).")
        raise typer.Exit(exits.USAGE) from None
    typer.echo(file)


async def _saved(api: Api, jobs: list[str], kind: str, file: Path) -> None:
    first, *others = [await whole(api, job) for job in jobs]
    beside = "&".join(f"beside={each}" for each in others)
    name = f"report.{kind}" + (f"?{beside}" if beside else "")
    await api.save(first, name, file)


def browser_of() -> str | None:
    """The browser that prints."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _print(browser: str, page: Path, file: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        made = Path(profile) / "report.pdf"
        asked = [
            *(browser, "--headless", "--disable-gpu"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # root has none
            *(f"--user-data-dir={profile}", "--no-pdf-header-footer"),
            *("--virtual-time-budget=15000", f"--print-to-pdf={made}", page.as_uri()),
        ]
        try:
            ended = subprocess.run(
                asked, capture_output=True, timeout=_PRINT_S, check=False
            )
        except subprocess.TimeoutExpired:
            ended = None
        if ended is None or ended.returncode or not made.exists():
            note(f"{browser} printed no PDF. Write a .html, and print that.")
            raise typer.Exit(exits.UNREACHABLE)
        shutil.copyfile(made, file)
