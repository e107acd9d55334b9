"""The shortcut of a long stream: events that differ in nothing but their text.

The events of one stream repeat id, model and provider, and parsing that JSON anew is
most of the cost of reading them. So the event last parsed is kept with holes where its
text stood; an event that fills the holes says the same with other text. Anything else
goes to the parser, so this is never needed for a right answer, only for a fast one.
"""

import re

_KEY = re.compile(
    r'"(?:content|reasoning|reasoning_content|thinking|text|summary)"\s*:\s*"'
)


class Hole:
    """An event without its text, which may have stood in several places.

    Sound because JSON escapes a quotation mark inside a string: `"content":"` can only
    be a key and the beginning of its value, and a value without backslashes and control
    characters is the text as it stands.
    """

    __slots__ = ("_head", "_parts", "_seam", "_start", "_tail", "is_reasoning")

    def __init__(self) -> None:
        self._parts = ["\0"]
        """What stands before, between and after the holes; no JSON has a NUL."""
        self._start = 1
        self._head = self._tail = self._seam = b""
        """The same as bytes of a stream, before, behind and between two texts; nothing
        where `texts` has no answer."""
        self.is_reasoning = False
        """What the text is: reasoning, or visible."""

    def learn(self, event: str, text: str, *, is_reasoning: bool) -> None:
        """Take `event` as the pattern; besides `text` it must say nothing new."""
        if not text or not _plain(text):
            return
        parts, at = [], 0
        for key in _KEY.finditer(event):
            if event.startswith(text + '"', key.end()):
                parts.append(event[at : key.end()])
                at = key.end() + len(text)
        if parts:
            self._parts = [*parts, event[at:]]
            self._start = len(parts[0])
            self.is_reasoning = is_reasoning
            self._head = b""
            if len(self._parts) == 2 and "\n" not in event:
                self._head = b"data: " + self._parts[0].encode()
                self._tail = self._parts[1].encode() + b"\n\n"
                self._seam = self._tail + self._head

    def texts(self, piece: bytes) -> list[str] | None:
        """The texts of bytes that are whole events of the pattern, one behind another,
        and nothing else; None for any other bytes.

        As `text` says of each of these events, found in one pass. The texts are checked
        together, with line ends between them, which none of them has.
        """
        head, tail = self._head, self._tail
        if not head or not piece.startswith(head) or not piece.endswith(tail):
            return None
        if len(piece) < len(head) + len(tail):
            return None
        found = piece[len(head) : -len(tail)].split(self._seam)
        joined = b"\n".join(found)
        if b'"' in joined:
            return None
        try:
            texts = joined.decode().split("\n")
        except UnicodeDecodeError:
            return None
        return texts if len(texts) == len(found) and _plain("".join(texts)) else None

    def text(self, event: str) -> str | None:
        """The text of an event of the pattern; None for any other event."""
        if not event.startswith(self._parts[0]):
            return None
        text = event[self._start : event.find('"', self._start)]
        return text if _plain(text) and text.join(self._parts) == event else None


def _plain(text: str) -> bool:
    """Whether JSON writes the text without an escape; "" counts."""
    return text.isprintable() and "\\" not in text
