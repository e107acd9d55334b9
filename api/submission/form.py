"""A benchmark as a multipart form: read as it arrives, into a plan.

The file goes line by line into prompts while it comes, so nothing is spooled, and what
is over a cap is refused as soon as the cap is passed.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.errors import Problem, invalid
from api.submission.validated import validated
from shared.about import MOST_NOTE, About, parted
from shared.errors import BadPlan
from shared.near import meant
from shared.plan import Plan, split_upstream
from shared.plan.prompts import InlinePrompts
from shared.plan.prompts.files import PromptReader, format_of
from shared.settings import Settings

FILE = "prompt_file"
FIELDS = (
    "model",
    "runs",
    "max_tokens",
    "max_tokens_field",
    "concurrency",
    "stream",
    "stream_options",
    "system_prompt",
    "temperature",
    "seed",
    "order_seed",
    "submitter",
    "max_cost_usd",
    "name",
    "tag",
    "note",
)
"""The fields beside the file. `model` and `tag` may be given several times."""

SEVERAL = ("model", "tag")

MOST_PARTS = 256
_FIELD_BYTES = 1024
_NOTE_BYTES = 4 * MOST_NOTE
_NAMES = (
    (re.compile(r"targets(\[\d+\](\.(model|upstream))?)?"), "model"),
    (re.compile(r"prompts(\..*|\[.*)?"), FILE),
    (re.compile(r"load(\.concurrency)?"), "concurrency"),
    (re.compile(r"tags(\[\d+\])?"), "tag"),
)


def form_name(path: str) -> str:
    """What a field of the plan is called in the form.

    >>> form_name("targets[1].model"), form_name("runs")
    ('model', 'runs')
    """
    return next((name for path_, name in _NAMES if path_.fullmatch(path)), path)


async def read_form(
    content_type: str, body: AsyncIterator[bytes], limits: Settings
) -> tuple[Plan, About]:
    """The plan that a multipart form describes, and what it says of the run.

    Raises a Problem that names the field, or BadPlan with a field of the form.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise _broken("its content type has no boundary")
    form = Form(limits)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.part_begins,
                "on_header_field": form.header_name,
                "on_header_value": form.header_value,
                "on_header_end": form.header_ends,
                "on_headers_finished": form.data_begins,
                "on_part_data": form.data,
                "on_part_end": form.part_ends,
                "on_end": form.ends,
            },
        )
        async for chunk in body:
            # In a thread: a line costs a microsecond or two, and a chunk may be all
            # line ends.
            await asyncio.to_thread(parser.write, chunk)
    except FormParserError as error:
        raise _broken(str(error)) from None
    return await asyncio.to_thread(form.plan)


@dataclass(slots=True)
class Part:
    """One part of the form, as far as it came."""

    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    reader: PromptReader | None = None
    """There for the file."""
    text: bytearray = field(default_factory=bytearray)


class Form:
    """What the parser calls back; `plan` is what has come of it."""

    def __init__(self, limits: Settings) -> None:
        self._limits = limits
        self._part = Part()
        self._parts = 0
        self._header_name = b""
        self._header_value = b""
        self._texts: dict[str, list[str]] = {}
        self._prompts: InlinePrompts | None = None
        self._over = False

    def plan(self) -> tuple[Plan, About]:
        """The plan, and what is said of the run; raises a Problem that names what is
        missing or wrong."""
        if not self._over:
            raise _broken("it ends before its last boundary")
        # An empty field of a form was not filled in.
        said = {n: [t for t in texts if t] for n, texts in self._texts.items()}
        found = [
            (name, "It is given twice. Give it once.")
            for name, texts in said.items()
            if name not in SEVERAL and len(texts) > 1
        ]
        if self._prompts is None:
            found.append((FILE, "It is missing. With curl: -F prompt_file=@FILE"))
        if not said.get("model"):
            found.append(("model", "It is missing. With curl: -F model=AUTHOR/SLUG"))
        if found or self._prompts is None:
            raise invalid(found)
        models, tags = said.pop("model"), said.pop("tag", [])
        fields: dict[str, object] = {n: texts[0] for n, texts in said.items() if texts}
        if "concurrency" in fields:
            fields["load"] = {"concurrency": fields.pop("concurrency")}
        about, fields = parted({"tags": tags, **fields})
        fields["targets"] = [_target(model) for model in models]
        return validated(about, {**fields, "prompts": self._prompts}, form_name)

    def part_begins(self) -> None:
        self._part = Part()
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _broken(f"it has more than {MOST_PARTS} parts")

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def header_ends(self) -> None:
        name = self._header_name.decode("latin-1").lower()
        self._part.headers[name] = self._header_value
        self._header_name = self._header_value = b""

    def data_begins(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get("content-disposition"))
        part.name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        if part.name == FILE:
            self._begin_file(part, filename)
        elif part.name not in FIELDS or filename is not None:
            shown = part.name[:40] if part.name.isprintable() else "?"
            if part.name in FIELDS:
                raise invalid([(shown, f"It is not a file here; {FILE} is.")])
            near = meant(part.name[:100], (FILE, *FIELDS))
            raise invalid([(shown, f"It is not a field of this form. {near}")])

    def _begin_file(self, part: Part, filename: bytes | None) -> None:
        if filename is None:
            raise invalid(
                [(FILE, "It came without a file. With curl: -F prompt_file=@FILE")]
            )
        if self._prompts is not None:
            raise invalid([(FILE, "There are two. Send one file.")])
        content_type = part.headers.get("content-type", b"").decode("latin-1")
        try:
            format = format_of(filename.decode("utf-8", "replace"), content_type)
        except BadPlan as error:
            raise _of_the_file(error) from None
        part.reader = PromptReader(format, self._limits)

    def data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.reader is not None:
            try:
                part.reader.feed(data[start:end])
            except BadPlan as error:
                raise _of_the_file(error) from None
            return
        part.text += data[start:end]
        long = {"system_prompt": self._limits.max_prompt_bytes, "note": _NOTE_BYTES}
        cap = long.get(part.name, _FIELD_BYTES)
        if len(part.text) > cap:
            raise invalid([(part.name, f"It has more than the {cap} bytes allowed.")])

    def part_ends(self) -> None:
        part = self._part
        if part.reader is not None:
            try:
                self._prompts = part.reader.finish()
            except BadPlan as error:
                raise _of_the_file(error) from None
            return
        try:
            text = part.text.decode()
        except UnicodeDecodeError:
            raise invalid([(part.name, "It is not UTF-8.")]) from None
        self._texts.setdefault(part.name, []).append(text)

    def ends(self) -> None:
        self._over = True


def _target(typed: str) -> dict[str, str]:
    """`[UPSTREAM::]MODEL`."""
    upstream, model = split_upstream(typed)
    return {"upstream": upstream, "model": model} if upstream else {"model": model}


def _of_the_file(error: BadPlan) -> BadPlan:
    error.field = FILE
    return error


def _broken(why: str) -> Problem:
    return invalid([("body", f"The multipart form is broken: {why}.")])
