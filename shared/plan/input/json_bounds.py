"""The shape of JSON, bounded before anything is made of it.

A parser makes objects of whatever it is given, and a validator a sentence for each of
them that is wrong: four megabytes of `1,1,1,...` would take gigabytes. So the marks
between the texts are counted first, as they arrive, and no text is looked at.
"""

import re

from shared.errors import BadPlan, TooMuch
from shared.settings import Settings

MOST_DEEP = 16
"""A plan is six deep: prompts, its list, an item, its messages, a message."""

MOST_MEMBERS = 512
"""Of one object. A plan has 25 fields, and each that is unknown is an error; but a map
within `extra` may have more: 300 tokens in OpenAI's `logit_bias`."""

_LONG_LIST = 10_000
"""No list but that of the prompts may be longer."""

_PER_PROMPT = 12
_SPARE = 10_000

_BETWEEN_BYTES = 16
"""For each value that may be there, so much may stand between texts: numbers, marks,
indents; and 16 MiB in any case."""

_PIECE = 64 * 1024
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_NO_MARKS = bytes(byte for byte in range(256) if byte not in b"[]{},")
_COMMA, _LIST = b",["
_OPENING = frozenset(b"[{")


def most_pieces(limits: Settings) -> int:
    """Values in a plan, or lines in a prompt file: twelve for each prompt, and some."""
    return _PER_PROMPT * limits.max_prompts + _SPARE


class JsonBounds:
    """JSON that is fed to it in pieces: how deep, how wide, how much of it."""

    def __init__(self, limits: Settings, most_values: int | None = None) -> None:
        """most_values: by default what a plan of MAX_PROMPTS may have."""
        self._most_values = most_values or most_pieces(limits)
        self._most_between = max(_BETWEEN_BYTES * self._most_values, 16 * 1024 * 1024)
        # A system prompt may have a MiB whatever MAX_PROMPT_BYTES says, and JSON may
        # write each character as six.
        self._most_text = 6 * max(limits.max_prompt_bytes, 1024 * 1024)
        self._text: int | None = None
        """Bytes of the text that is still open; None between texts."""
        self._escaping = False
        """Whether the last piece ended in the middle of an escape."""
        self._most_items = max(limits.max_prompts, _LONG_LIST)
        self._open = bytearray()
        """The marks of the lists and objects that are open."""
        self._left: list[int] = []
        """How many commas each of them may have, less one."""
        self._values = 0
        self._between = 0

    def feed(self, chunk: bytes) -> None:
        """Look at what comes next. Raises BadPlan, TooMuch, with the field `body`."""
        for start in range(0, len(chunk), _PIECE):
            self._scan(chunk[start : start + _PIECE])

    def _scan(self, piece: bytes) -> None:
        if b"\0" in piece:  # some readers would take it for UTF-16, and we would not
            raise BadPlan("The body holds a NUL byte. Send JSON as UTF-8.", "body")
        if self._escaping:
            piece = b"." + piece[1:]
        piece = _ESCAPED.sub(b"..", piece)
        self._escaping = piece.endswith(b"\\")
        parts = piece.split(b'"')
        inside = 1 if self._text is None else 0  # the first part that is of a text
        self._count(b"".join(parts[1 - inside :: 2]))
        texts = list(map(len, parts[inside::2]))
        if self._text is not None:
            texts[0] += self._text
        if max(texts, default=0) > self._most_text:
            raise TooMuch(
                f"A text of the body has more than {self._most_text} bytes. Shorten"
                " it, or raise MAX_PROMPT_BYTES.",
                "body",
            )
        self._text = texts[-1] if (len(parts) - inside) % 2 else None

    def _count(self, between: bytes) -> None:
        """Take the marks in what stands between texts."""
        self._between += len(between)
        if self._between > self._most_between:
            raise TooMuch(
                f"It has more than {self._most_between} bytes between its texts. Send"
                " it without blanks.",
                "body",
            )
        marks = between.translate(None, _NO_MARKS)
        self._values += sum(map(marks.count, (b",", b"[", b"{")))
        if self._values > self._most_values:
            raise TooMuch(
                f"It has more than the {self._most_values} values that may be"
                " asked for here. Send fewer prompts, or raise MAX_PROMPTS.",
                "body",
            )
        for mark in marks:
            if mark == _COMMA:
                if self._left:
                    self._left[-1] -= 1
                    if self._left[-1] == 0:
                        raise self._too_long()
            elif mark in _OPENING:
                self._open.append(mark)
                self._left.append(self._most_items if mark == _LIST else MOST_MEMBERS)
                if len(self._open) > MOST_DEEP:
                    raise BadPlan(
                        f"The JSON is more than {MOST_DEEP} deep, and nothing that can"
                        " be asked for is. Look for a bracket too many.",
                        "body",
                    )
            elif self._open:
                self._open.pop()
                self._left.pop()

    def _too_long(self) -> BadPlan:
        if self._open[-1] == _LIST:
            return TooMuch(
                f"A list has more than {self._most_items} items, and none may but that"
                " of the prompts. Send fewer, or raise MAX_PROMPTS.",
                "prompts",
            )
        return BadPlan(
            f"An object has more than {MOST_MEMBERS} members, and nothing that can be"
            " asked for has. Leave out what is unknown.",
            "body",
        )
