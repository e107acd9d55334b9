"""Log lines: their one form, their one line, what is never in them, who may write."""

import logging
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared import log
from shared.settings.settings import Settings

KEY = "sk-or-v1-0123456789abcdef"
FORM = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z - [\w.]+ - [A-Z]+ - [^\n]*\n"
)

WRITER = """
import sys
from pathlib import Path
from shared import log
from shared.settings.settings import Settings
logger = log.setup(Settings(log_file=Path(sys.argv[1]), log_max_bytes=4000), "w")
for number in range(int(sys.argv[3])):
    logger.error("%s:%d:%s", sys.argv[2], number, "x" * 60)
"""


pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "server_logs.txt"


def start(file: Path, **settings: object) -> logging.Logger:
    return log.setup(Settings(log_file=file, **settings), "api")  # type: ignore[arg-type]


def test_a_record_has_the_form_in_the_file_and_on_the_console(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start(file).error("the disk is %s", "full")
    assert FORM.fullmatch(file.read_text())
    assert file.read_text().endswith(" - api - ERROR - the disk is full\n")
    assert capsys.readouterr().err == file.read_text()


@pytest.mark.parametrize("wanted", [False, True])
def test_a_line_for_each_request_is_logged_only_where_it_is_asked_for(
    wanted: bool, file: Path
) -> None:
    start(file, access_log=wanted)
    logging.getLogger("uvicorn.access").info("GET / 200")
    assert ("GET / 200" in file.read_text()) is wanted


@pytest.mark.parametrize("name", ["uvicorn.error", "uvicorn.access", "arq.worker"])
def test_records_of_libraries_with_handlers_of_their_own_have_it_once(
    name: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for owner in (name, name.split(".")[0]):
        logging.getLogger(owner).addHandler(logging.StreamHandler())
        logging.getLogger(owner).propagate = False
    start(file)
    logging.getLogger(name).error("said")
    assert file.read_text().endswith(f" - {name} - ERROR - said\n")
    assert capsys.readouterr().err == file.read_text()


def test_the_level_rules_both_places(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = start(file, log_level="WARNING")
    logger.info("not this")
    logger.warning("this")
    assert "not this" not in file.read_text() + capsys.readouterr().err
    assert "this" in file.read_text()


def test_setting_up_twice_writes_each_record_once(file: Path) -> None:
    start(file)
    start(file).error("once")
    assert file.read_text().count("once") == 1


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a\nb\r\nc", r"a\nb\r\nc"),
        ("red \x1b[31m", r"red \x1b[31m"),
        ("nul \x00 c1 \x9b", r"nul \x00 c1 \x9b"),
        ("line\u2028para\u2029", r"line\u2028para\u2029"),
        ("turned \u202e", r"turned \u202e"),
        ("привет", "привет"),
        ("half \ud800", r"half \ud800"),
    ],
)
def test_a_record_stays_one_line(message: str, shown: str, file: Path) -> None:
    start(file).error(message)
    text = file.read_text("utf-8")
    assert FORM.fullmatch(text)
    assert text.endswith(f" - {shown}\n")


def test_a_traceback_is_in_the_line_of_its_record(file: Path) -> None:
    logger = start(file)
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        logger.exception("it broke")
    text = file.read_text()
    assert FORM.fullmatch(text)
    assert r"it broke\nTraceback" in text
    assert r"RuntimeError: first\nsecond" in text


@pytest.mark.parametrize(
    "said",
    [
        f"key {KEY}",
        f"{{'Authorization': 'Bearer {KEY}'}}",
        f"authorization: Basic {KEY}",
        f"Bearer {KEY[9:]}",
        f"redis://user:{KEY}@host/0",
        "another sk-or-v1-ffff0123456789abcdef",
        b"Authorization: Bearer 0123456789abcdef\r\nHost: x",
    ],
)
def test_secrets_are_cut_out_of_messages_arguments_and_tracebacks(
    said: object, file: Path
) -> None:
    logger = start(file)
    logger.error(str(said))
    logger.error("argument %s", said)
    logger.error("argument %r", {"headers": said})
    try:
        raise RuntimeError(said)
    except RuntimeError:
        logger.exception("broke")
    text = file.read_text()
    assert "0123456789abcdef" not in text
    assert text.count("***") >= 4


def test_the_configured_key_is_cut_out_whatever_it_looks_like(
    file: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "key"
    kept.write_text("correct-horse-battery\n")
    start(file, openrouter_api_key_file=kept).error("x correct-horse-battery y")
    assert file.read_text().endswith(" - x *** y\n")
    start(file, openrouter_api_key=SecretStr("staple-of-horses")).error(
        "url?key=staple-of-horses"
    )
    assert "staple-of-horses" not in file.read_text()


def test_a_wrong_argument_does_not_lose_the_record() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%d shards", ("many",), None)
    line = log.OneLine().format(record)
    assert line.endswith(" - x - ERROR - '%d shards' (TypeError in its arguments)")


def test_a_long_record_is_cut(file: Path) -> None:
    start(file).error("x" * 1_000_000)
    text = file.read_text()
    assert len(text) < 40_000
    assert text.endswith("characters)\n")


def test_warnings_are_records_too(file: Path) -> None:
    start(file)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("deprecated", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert " - py.warnings - WARNING - " in file.read_text()


@pytest.mark.parametrize("kind", ["directory", "under a file"])
def test_a_file_that_cannot_be_written_is_one_warning(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plain").write_text("")
    bad = tmp_path if kind == "directory" else tmp_path / "plain" / "log.txt"
    logger = start(bad)
    logger.error("one")
    logger.error("two")
    said = capsys.readouterr().err
    assert said.count("cannot be written") == 1
    assert said.count(" - api - ERROR - ") == 2


def test_a_full_disk_is_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():  # macOS has none
        return
    logger = start(full)
    logger.error("one")
    logger.error("two")
    said = capsys.readouterr().err
    assert said.count("No space left on device") == 1
    assert said.count(" - api - ERROR - ") == 2


def test_a_file_that_was_moved_away_is_begun_again(file: Path) -> None:
    logger = start(file)
    logger.error("before")
    file.rename(file.with_name("moved"))
    logger.error("after")
    assert "after" in file.read_text()
    assert "before" not in file.read_text()


def test_it_rotates_by_size_and_keeps_a_bounded_number(file: Path) -> None:
    logger = start(file, log_max_bytes=500)
    for number in range(100):
        logger.error("record %d", number)
    files = sorted(file.parent.iterdir())
    assert len(files) == 1 + log.KEPT_FILES
    assert all(part.stat().st_size <= 500 for part in files)
    assert "record 99" in file.read_text()
    assert "record 99" not in file.with_name("server_logs.txt.1").read_text()


def test_who_comes_late_to_a_rotation_does_not_repeat_it(file: Path) -> None:
    early, late = log.SharedFile(file, 100), log.SharedFile(file, 100)
    for handler in (early, late):
        handler.open()
    for message in ("x" * 90, "the new file"):
        early.emit(logging.LogRecord("x", logging.ERROR, "", 0, message, (), None))
    assert late._file is not None
    late._rotate(late._file)  # it had looked before the other one rotated
    assert file.read_text() == "the new file\n"
    assert sorted(path.name for path in file.parent.iterdir()) == [
        "server_logs.txt",
        "server_logs.txt.1",
    ]
    early.close()
    late.close()


def test_several_processes_append_and_rotate_without_tearing_a_record(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 4 x 30 records of about 110 bytes fill three files of 4,000, so none is dropped.
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), f"w{number}", "30"],
            stderr=subprocess.DEVNULL,
        )
        for number in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    text = "".join(part.read_text() for part in file.parent.iterdir())
    lines = text.splitlines(keepends=True)
    assert all(FORM.fullmatch(line) for line in lines)
    said = {line.split(" - ")[3].rsplit(":", 1)[0] for line in lines}
    assert said == {f"w{w}:{n}" for w in range(4) for n in range(30)}
    assert len(lines) == 120


def test_an_uncaught_error_is_a_record(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from shared import log;"
        "from shared.settings.settings import Settings;"
        "log.setup(Settings(log_file=Path(sys.argv[1])), 'w'); 1 / 0"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True
    )
    assert ended.returncode == 1
    assert FORM.fullmatch(file.read_text())
    assert "ZeroDivisionError" in file.read_text()
