"""An answer that comes as events: the fold over them, with their stamps."""

from typing import Any

from shared.answer.refusal import Json
from shared.answer.reply import Chunk
from shared.answer.stream import sse
from shared.answer.stream.heard import USAGE, Heard
from shared.answer.stream.lenient import parse, unlisted
from shared.answer.stream.template import Hole
from shared.wire import Caps

NOT_UTF8 = "The answer holds bytes that are not UTF-8."

_OURS = ("message", "error")
"""Names of events that must be what was agreed on; `message` is the one of those
without a name. In events of other names only what is understood counts: `ping` and the
like are of no interest."""

_KNOWN = ("choices", "error", "usage")


class Stream:
    """Events on their way into what was heard."""

    def __init__(self, heard: Heard, caps: Caps) -> None:
        self._heard = heard
        self._decoder = sse.Decoder(caps)
        self._hole = Hole()
        self._over_cap = False
        self.tokens_s: list[float] = []
        """Stamps of the token events: with text, reasoning or a part of a tool call."""
        self.visible_s: float | None = None
        """The stamp of the first with text."""
        self.done_s: float | None = None
        """The stamp of `[DONE]`."""

    @property
    def is_whole(self) -> bool:
        """Whether the stream is complete: it said `[DONE]` or a finish reason."""
        return self.done_s is not None or "finish_reason" in self._heard.facts

    def feed(self, stamp_s: float, piece: bytes) -> list[str]:
        """Take what one read brought; returns the text in it, event by event."""
        if self._over_cap or self.done_s is not None:
            return []
        decoder = self._decoder
        try:
            found = self._hole.texts(piece) if decoder.is_between else None
            if found is not None and decoder.skip(len(found), len(piece)):
                return self._take_all_plain(stamp_s, found)
            events = decoder.feed(piece)
        except sse.StreamError as error:
            self._over_cap, self._heard.garbage = True, str(error)
            return []
        texts = []
        for event in events:
            if self.done_s is not None:
                break
            # A comment has no data, and is neither token nor sign of one.
            if data := event.data:
                if event.is_mended:
                    self._heard.garbage = self._heard.garbage or NOT_UTF8
                plain = self._hole.text(data) if event.name == "message" else None
                if plain is None:
                    text = self._take(stamp_s, event)
                else:
                    text = self._take_plain(stamp_s, plain)
                if text:
                    texts.append(text)
            elif event.is_stray:
                self._heard.garbage = "A line of the stream has JSON and no `data:`."
        return texts

    def _take_all_plain(self, stamp_s: float, plain: list[str]) -> list[str]:
        """Events that say text alone, or reasoning alone; returns their texts."""
        if "" in plain:
            plain = [text for text in plain if text]
        if not plain:
            return []
        self.tokens_s += [stamp_s] * len(plain)
        if self._hole.is_reasoning:
            self._heard.say_all((), plain)
            return []
        if self.visible_s is None:
            self.visible_s = stamp_s
        return self._heard.say_all(plain, ())

    def _take_plain(self, stamp_s: float, plain: str) -> str:
        """An event that says text alone, or reasoning alone; returns its text."""
        if not plain:
            return ""
        self.tokens_s.append(stamp_s)
        if self._hole.is_reasoning:
            return self._heard.say("", plain)
        if self.visible_s is None:
            self.visible_s = stamp_s
        return self._heard.say(plain, "")

    def _take(self, stamp_s: float, event: sse.Event) -> str:
        """An event that is like none before; returns its text."""
        chunk = self._parse(stamp_s, event)
        if chunk is None:
            return ""
        text, reasoning = chunk.text, chunk.reasoning
        if chunk.error is None and (text or reasoning or chunk.calls_tool):
            self.tokens_s.append(stamp_s)
            if text and self.visible_s is None:
                self.visible_s = stamp_s
        return self._heard.say(text, reasoning)

    def _parse(self, stamp_s: float, event: sse.Event) -> Chunk | None:
        """What such an event says; None when it is no chunk."""
        if event.data.strip() == "[DONE]":
            self.done_s = stamp_s
            return None
        try:
            said = unlisted(parse(event.data))
        except ValueError:
            said = event.data  # what is no JSON is words
        if event.name == "error" and not isinstance(said, dict):
            self._heard.complain(said)
        elif event.name not in _OURS and not _is_known(said):
            pass
        elif isinstance(said, dict):
            return self._read(event, said)
        elif said is not None:
            self._heard.garbage = "An event of the stream is not a JSON object."
        return None

    def _read(self, event: sse.Event, said: Json) -> Chunk:
        chunk = self._heard.take(said)
        if event.name == "error" and chunk.error is None:
            self._heard.complain(said)
            return chunk._replace(error=self._heard.problem)
        if event.name == "message" and _says_only_text(chunk):
            self._hole.learn(
                event.data, chunk.text or chunk.reasoning, is_reasoning=not chunk.text
            )
        return chunk


def _is_known(said: Any) -> bool:
    return isinstance(said, dict) and any(said.get(name) for name in _KNOWN)


def _says_only_text(chunk: Chunk) -> bool:
    """Whether other events like it add nothing but their text, of one kind."""
    return (
        chunk.finish_reason is None
        and chunk.error is None
        and not chunk.calls_tool
        and not (chunk.text and chunk.reasoning)
        and all(getattr(chunk, name) is None for name in USAGE)
    )
