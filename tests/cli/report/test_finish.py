"""The end of a benchmark: it is shown, whatever becomes of the files."""

from pathlib import Path

import pytest
import typer
from rich.console import Console

from cli import exits
from cli.client import Api, Away
from cli.report import Options, finish, options_of, parse_gate
from tests.cli.fixed import JOB_ID, done


@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("junit", "file/junit.xml", "is no folder"),
        ("markdown", "folder", "it is a folder"),
        ("csv", "file/deep/er.csv", "is no folder"),
        ("output", "file", "it is a file"),
        ("output", "locked/new", "cannot be written to"),
    ],
)
def test_a_file_that_could_not_be_written_is_a_usage_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, path: str, said: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "locked").mkdir()
    # who runs the tests may write everywhere
    monkeypatch.setattr("os.access", lambda where, _: where.name != "locked")
    with pytest.raises(typer.BadParameter, match=said):
        options_of(**{name: tmp_path / path})


def test_a_file_that_could_be_written_is_not_made_yet(tmp_path: Path) -> None:
    made = options_of(junit=tmp_path / "new" / "junit.xml")
    assert made.junit == tmp_path / "new" / "junit.xml"
    assert options_of(csv=Path("-")).owns_stdout
    assert list(tmp_path.iterdir()) == []


def test_two_documents_do_not_share_standard_output() -> None:
    with pytest.raises(typer.BadParameter, match="--json and --csv - both write"):
        options_of(json=True, csv=Path("-"))


class Gone(Api):
    """An API that has no files."""

    async def save(self, job_id: str, name: str, file: Path) -> None:
        raise Away("It is gone.")


@pytest.mark.parametrize(
    ("gate", "code"),
    [("ttft.p95 > 1ms", exits.MISSED), ("acme/orca-pro: ttft.p95 > 9s", exits.USAGE)],
)
async def test_it_is_shown_and_judged_where_a_file_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gate: str, code: int
) -> None:
    (tmp_path / "file").write_text("")
    wanted = Options(
        junit=tmp_path / "file" / "junit.xml",
        markdown=tmp_path / "summary.md",
        gates=(parse_gate(gate),),
    )
    api = Api("http://127.0.0.1:1")
    assert await finish(done(), wanted, Console(width=160), api) == code
    said = capsys.readouterr()
    assert "Verdict: suspect" in said.out
    assert "junit.xml cannot be written (" in said.err
    assert "Verdict: suspect" in (tmp_path / "summary.md").read_text()


async def test_it_is_shown_where_its_files_cannot_be_had(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = Options(output=tmp_path / "files", quiet=True)
    api = Gone("http://127.0.0.1:1")
    code = await finish(done(), wanted, Console(width=160), api)
    said = capsys.readouterr()
    assert code == exits.UNREACHABLE
    assert JOB_ID in said.out
    assert "It is gone." in said.err
