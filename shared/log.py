"""One form of log line for all processes: `timestamp - logger_name - level - message`.

LOG_LEVEL and above go to the console (stderr) and to LOG_FILE alike, from our code,
uvicorn and arq. A record is one line and one write, so that several processes can
share the file. Secrets are cut out of the finished line, where arguments and
tracebacks have become text already and nothing can come after.
"""

import fcntl
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from shared.clock import utc_label
from shared.settings import Settings
from shared.standards.key_forms import IN_A_LOG

KEPT_FILES = 3
"""Full files that are kept beside the current one, as `server_logs.txt.1` and on."""
LONGEST_LINE = 32 * 1024

_ADOPTED = ("uvicorn", "uvicorn.error", "uvicorn.access", "arq", "arq.worker")
_CHATTY = ("arq", "asyncio", "httpcore", "httpx", "python_multipart")
_SHORTEST_SECRET = 8  # cutting a shorter one out would cut words out

# What a terminal or a line reader would act on: controls, U+2028/9, changes of the
# writing direction.
_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))},
    **{code: f"\\u{code:04x}" for code in (0x2028, 0x2029)},
    **{code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), 0xFEFF)},
    **{code: f"\\u{code:04x}" for code in range(0x2066, 0x206A)},
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}


def setup(settings: Settings | None, name: str) -> logging.Logger:
    """Give this process's logging its form and its two places; the logger `name`.

    May be called again: the last call rules. A LOG_FILE that cannot be written is one
    warning, and the console goes on alone, as it does where the settings cannot be read
    (None).
    """
    form = OneLine(_configured_secrets(settings))
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h.formatter, OneLine)]:
        root.removeHandler(handler)
        handler.close()
    console = logging.StreamHandler()
    console.setFormatter(form)
    root.addHandler(console)
    root.setLevel("INFO" if settings is None else settings.log_level)
    for adopted in _ADOPTED:
        logger = logging.getLogger(adopted)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    if settings is None or not settings.access_log:
        logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if settings is not None:
        file = SharedFile(settings.log_file, settings.log_max_bytes)
        file.setFormatter(form)
        root.addHandler(file)
        file.open()
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    return logging.getLogger(name)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without keys, credentials and the given secrets.

    >>> redact("401 for Bearer sk-or-v1-0123456789")
    '401 for Bearer ***'
    """
    for secret in secrets:
        text = text.replace(secret, "***")
    for pattern, replacement in IN_A_LOG:
        text = pattern.sub(replacement, text)
    return text


class OneLine(logging.Formatter):
    """The form of a record: one line, nothing secret, nothing that moves a cursor."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        try:
            message = record.getMessage()
        except Exception as error:  # a wrong % argument must not lose the record
            message = f"{record.msg!r} ({type(error).__name__} in its arguments)"
        if record.exc_info and record.exc_info[0]:
            message += "\n" + self.formatException(record.exc_info)
        if record.stack_info:
            message += "\n" + record.stack_info
        when = utc_label(record.created)
        line = f"{when} - {record.name} - {record.levelname} - {message}"
        line = redact(line, self._secrets).translate(_ESCAPES)
        if len(line) > LONGEST_LINE:
            line = f"{line[:LONGEST_LINE]}... ({len(line)} characters)"
        return line


class SharedFile(logging.Handler):
    """A file to which several processes append, and which any of them may rotate."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        super().__init__()
        # Absolute, so that a later change of directory does not split the log.
        self._path = path.absolute()
        self._max_bytes = max_bytes
        self._file: int | None = None
        self._failing = False

    def open(self) -> None:
        """Try the file now, so that a wrong LOG_FILE is said at the start."""
        try:
            self._current(0)
        except OSError as error:
            self._complain(error)

    def emit(self, record: logging.LogRecord) -> None:
        line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        try:
            os.write(self._current(len(line)), line)
            self._failing = False
        except OSError as error:
            self._complain(error)

    def close(self) -> None:
        self.acquire()
        try:
            if self._file is not None:
                os.close(self._file)
                self._file = None
        finally:
            self.release()
        super().close()

    def _current(self, more: int) -> int:
        """The descriptor of the file that has the name now, with room for `more`.

        Another process may have rotated since the last record: then the name belongs
        to another inode. A record written between that look and the write lands in
        the rotated file, whole.
        """
        if self._file is not None and not self._has_the_name(self._file):
            os.close(self._file)
            self._file = None
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o640)
        size = os.fstat(self._file).st_size
        if size and size + more > self._max_bytes:
            self._rotate(self._file)
            return self._current(0)
        return self._file

    def _has_the_name(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), os.stat(self._path))
        except FileNotFoundError:
            return False

    def _rotate(self, file: int) -> None:
        """Rename the files, unless another process did: only one can hold this inode
        locked while it still has the name, and the name goes last."""
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if not self._has_the_name(file):
                return
            for number in range(KEPT_FILES - 1, 0, -1):
                with suppress(FileNotFoundError):
                    os.replace(self._numbered(number), self._numbered(number + 1))
            os.replace(self._path, self._numbered(1))
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _numbered(self, number: int) -> str:
        return f"{self._path}.{number}"

    def _complain(self, error: OSError) -> None:
        if self._failing:
            return
        self._failing = True  # first, since the warning comes through here as well
        logging.getLogger("shared.log").warning(
            "LOG_FILE=%s cannot be written (%s): logging to the console only.",
            self._path,
            error.strerror,
        )


def _configured_secrets(settings: Settings | None) -> tuple[str, ...]:
    """Longest first: one may be a part of another."""
    found = {*_of_telemetry(), *(() if settings is None else settings.secrets())}
    long = [secret for secret in found if len(secret) >= _SHORTEST_SECRET]
    return tuple(sorted(long, key=len, reverse=True))


def _of_telemetry() -> Iterator[str]:
    """What OpenTelemetry would repeat when it cannot read it: `api-key=SECRET,...`."""
    for name, text in os.environ.items():
        if name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("HEADERS"):
            yield text.strip()
            yield from (pair.partition("=")[2].strip() for pair in text.split(","))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("uncaught").critical(
        "This process ends.", exc_info=(kind, error, trace)
    )
