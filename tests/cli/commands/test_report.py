"""`llmbench report` writes what the API reports, and says what it cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.page_data.__main__ import answer
from cli import exits
from cli.commands.jobs.report import browser_of
from shared.settings.settings import Settings
from tests import made
from tests.api.server import serving
from tests.cli.commands.terminal import Terminal


@pytest.fixture(scope="module")
def reader(
    store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """A terminal beside an API that measures nothing."""
    folder = tmp_path_factory.mktemp("reported")
    with serving(Settings(redis_url=store_url, results_dir=folder)) as api:
        yield Terminal(api)


@pytest.fixture(scope="module")
def job_id(reader: Terminal) -> str:
    folder = reader.api.settings.results_dir
    made_id = made.keep(folder, made.plan_of(made.SWIFT, made.SAGE))
    answer(folder, made_id, None)
    return made_id


def test_html_and_markdown_are_those_of_the_api(
    reader: Terminal, job_id: str, tmp_path: Path
) -> None:
    for kind in ("html", "md"):
        file = tmp_path / f"r.{kind}"
        said = reader.ask("report", job_id, "-o", str(file))
        assert said.exit_code == exits.OK, said.output
        assert said.stdout == f"{file}\n"
        told = reader.api.http.get(f"/benchmark/{job_id}/report.{kind}", timeout=60)
        assert file.read_text("utf-8") == told.text


def test_another_kind_of_file_is_refused(reader: Terminal, job_id: str) -> None:
    said = reader.ask("report", job_id, "-o", "report.docx")
    assert said.exit_code == exits.USAGE
    assert "report.docx is no kind of report" in said.stderr


def test_without_a_browser_a_pdf_is_refused_before_anything_is_asked(
    reader: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    said = reader.ask("report", "01JZ8M5T7Q", "-o", "report.pdf")
    assert said.exit_code == exits.USAGE
    assert "A PDF is printed by Chromium" in said.stderr


@pytest.mark.skipif(browser_of() is None, reason="no chromium here")
def test_a_pdf_is_printed(reader: Terminal, job_id: str, tmp_path: Path) -> None:
    file = tmp_path / "r.pdf"
    said = reader.ask("report", job_id, "-o", str(file))
    assert said.exit_code == exits.OK, said.output
    assert file.read_bytes().startswith(b"%PDF")
