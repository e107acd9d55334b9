"""Prompt files: text (a line is a prompt), JSONL and CSV, read as they arrive.

What is over a cap is refused as soon as the cap is passed, so an upload never takes
more memory than the prompts it may hold. Errors name the line and never its text.
"""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import from_json

from shared.checks import check_of_cell
from shared.errors import BadPlan, TooMuch
from shared.near import sentence_of
from shared.plan.input.json_bounds import JsonBounds, most_pieces
from shared.plan.prompts.inline import InlinePrompts
from shared.plan.prompts.lines import Line, Lines, LineTooLong
from shared.plan.prompts.prompt import Prompt
from shared.plan.prompts.rows import PromptRow, Rows
from shared.settings import Settings

Format = Literal["text", "jsonl", "csv"]

_BY_EXTENSION: dict[str, Format] = {
    ".txt": "text",
    ".text": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}
_BY_CONTENT_TYPE: dict[str, Format] = {
    "application/jsonl": "jsonl",
    "application/jsonlines": "jsonl",
    "application/x-jsonlines": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "text/csv": "csv",
}


def format_of(filename: str | None, content_type: str | None) -> Format:
    """The format by the file's extension, else by its content type, else text.

    Raises BadPlan for an extension that is none of ours.
    """
    extension = PurePath(filename or "").suffix.lower()
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    if extension:
        raise BadPlan(
            f"A prompt file is .txt, .jsonl or .csv, not {extension[:20]!r}. Rename it,"
            " or say its `format`.",
            "prompts",
        )
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return _BY_CONTENT_TYPE.get(media_type, "text")


def read_prompts(
    data: bytes | Iterable[bytes],
    filename: str | None,
    content_type: str | None,
    limits: Settings,
    *,
    format: Format | None = None,
    column: str = "prompt",
) -> InlinePrompts:
    """The prompts of a file that is at hand, whole or in pieces.

    `format` overrides what the name says; `column` names the CSV column.
    Raises BadPlan, which names the line and the remedy, or TooMuch.
    """
    reader = PromptReader(format or format_of(filename, content_type), limits, column)
    for chunk in (data,) if isinstance(data, bytes) else data:
        reader.feed(chunk)
    return reader.finish()


class PromptReader:
    """The prompts of a file that is still arriving."""

    def __init__(
        self, format: Format, limits: Settings, column: str = "prompt"
    ) -> None:
        self._format = format
        self._limits = limits
        self._most_lines = most_pieces(limits)
        self._lines = Lines(limits.max_prompt_bytes)
        self._rows = Rows(column, limits.max_prompt_bytes)
        self._prompts: list[str | Prompt] = []
        self._bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece, of any length. Raises BadPlan or TooMuch."""
        self._bytes += len(chunk)
        cap = self._limits.max_upload_bytes
        if self._bytes > cap:
            raise TooMuch(
                f"The file has more than the {cap} bytes allowed. Send a smaller one,"
                " or raise MAX_UPLOAD_BYTES.",
                "prompts",
            )
        try:
            for line in self._lines.feed(chunk):
                self._take(line)
        except LineTooLong as error:
            raise TooMuch(
                f"Line {error.number} has more than the {self._limits.max_prompt_bytes}"
                " bytes allowed. Shorten it, or raise MAX_PROMPT_BYTES.",
                "prompts",
            ) from None

    def finish(self) -> InlinePrompts:
        """All prompts, at the end of the file. Raises BadPlan or TooMuch."""
        for line in self._lines.finish():
            self._take(line)
        self._rows.finish()
        if not self._prompts:
            raise BadPlan(
                "The file holds no prompt: it is empty, or all of its lines are blank."
                " Write one on each line (.txt, .jsonl), or in each row (.csv).",
                "prompts",
            )
        return InlinePrompts(prompts=tuple(self._prompts))

    def _take(self, line: Line) -> None:
        if line.number > self._most_lines:
            raise TooMuch(
                f"The file has more than {self._most_lines} lines, and most of them"
                " hold no prompt. Take out the blank ones, or raise MAX_PROMPTS.",
                "prompts",
            )
        text = _decoded(line)
        prompt: str | Prompt | None
        if self._format == "csv":
            row = self._rows.take(text)
            prompt = row if row is None else _from_row(row)
        elif not text or text.isspace():
            return
        elif self._format == "jsonl":
            prompt = _from_json(line.number, text.rstrip("\r\n"), self._limits)
        else:
            prompt = text.rstrip("\r\n")
        if prompt is None:
            return
        if len(self._prompts) == self._limits.max_prompts:
            raise TooMuch(
                f"The file holds more than the {self._limits.max_prompts} prompts"
                " allowed. Send fewer, or raise MAX_PROMPTS.",
                "prompts",
            )
        self._prompts.append(prompt)


def _decoded(line: Line) -> str:
    """The line's text, without the BOM that may begin the file.

    Raises BadPlan for what is not UTF-8, or holds a NUL.
    """
    try:
        text = line.data.decode()
    except UnicodeDecodeError as error:
        raise BadPlan(
            f"The file is not UTF-8: byte {line.offset + error.start} (line"
            f" {line.number}) cannot be read. Save it as UTF-8, and send it again.",
            "prompts",
        ) from None
    if "\0" in text:
        raise BadPlan(
            f"Line {line.number} holds a NUL character. Remove it, or save the file as"
            " UTF-8 text.",
            "prompts",
        )
    return text.removeprefix("\ufeff") if line.number == 1 else text


def _from_json(number: int, text: str, limits: Settings) -> Prompt:
    """The prompt of one JSON line. Raises BadPlan."""
    try:
        item = from_json(text)
    except ValueError as error:
        # The parser counts lines of its own, and it has seen one.
        said = str(error).replace("line 1 ", "")
        raise BadPlan(
            f"Line {number} is not JSON: {said}. Write one object per line.", "prompts"
        ) from None
    if not isinstance(item, dict):
        raise BadPlan(
            f'Line {number} is not an object. Write {{"prompt": "..."}} or'
            ' {"messages": [...]}.',
            "prompts",
        )
    try:
        JsonBounds(limits).feed(text.encode())
    except BadPlan as error:
        raise BadPlan(f"Line {number}: {error}", "prompts") from None
    return _item(f"Line {number}", item)


def _from_row(row: PromptRow) -> str | Prompt:
    """The prompt of a row of a CSV. Raises BadPlan."""
    if not row.checks:
        return row.prompt
    try:
        checks = [check_of_cell(*each) for each in row.checks.items()]
    except ValueError as error:
        raise BadPlan(f"Row {row.number}: {error}.", "prompts") from None
    return _item(f"Row {row.number}", {"prompt": row.prompt, "checks": checks})


def _item(where: str, item: dict[str, Any]) -> Prompt:
    """A prompt with all that it has. Raises BadPlan."""
    try:
        return Prompt.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part)[:40] for part in first["loc"])
        why = sentence_of(first, Prompt.model_json_schema).rstrip(".")
        where = f"{where}, `{field}`" if field else where
        raise BadPlan(f"{where}: {why}.", "prompts") from None
