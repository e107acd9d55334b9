"""What came back, read: from stamped bytes to a Reply.

Pure: the wall clock, for limits that open at a time of day, is a parameter. An answer
is read the same whether it is fed as it comes (`StreamReader`) or all at once after the
call (`read_exchange`), and however its bytes are cut.
"""

import re
from typing import Any

from shared.sample import Outcome
from shared.upstream import complaint, sse
from shared.upstream.chat import Dialect, label
from shared.upstream.complaint import Json
from shared.upstream.hole import Hole
from shared.upstream.lenient import cut, is_utf8, parse, parse_document
from shared.upstream.outcomes import SENTENCES, Facts, outcome
from shared.upstream.reply import Chunk, Reply
from shared.upstream.wire_exchange import Exchange
from shared.upstream.wire_parse import Response

_PREAMBLE = re.compile(rb"(?:[ \t\r\n]+|:[^\r\n]*[\r\n]|\xef\xbb\xbf)+")
"""Padding, comments and a byte order mark: keep-alive, of either form of answer."""

_FIELD = re.compile(rb"(?:data|event|id|retry)[:\r\n]")
_BEGINNINGS = (b"data", b"event", b"id", b"retry", b"\xef\xbb\xbf")

_USAGE = (
    "prompt_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cached_tokens",
    "total_tokens",
    "cost_usd",
)
_FACTS = (*_USAGE, "finish_reason", "provider", "served_model", "generation_id")
"""Fields of a Chunk of which the last that is said counts."""

_NOT_UTF8 = "The answer holds bytes that are not UTF-8."
_CACHE_STATUS = {"HIT": True, "MISS": False}


def read_exchange(
    exchange: Exchange,
    dialect: Dialect,
    streamed: bool,
    max_text_bytes: int,
    *,
    now_s: float,
    drained: bool = False,
) -> Reply:
    """The Reply of an exchange that has ended; never raises for what a stranger sent.

    streamed: what was asked for; without it the stamps of tokens stay unknown.
    max_text_bytes: of the text, and again of the reasoning, so much is kept.
    now_s: the wall clock, Unix seconds.
    drained: a call that we cancelled is `unfinished` rather than `cancelled`.
    """
    response = exchange.response()
    reader = StreamReader(dialect, max_text_bytes, streamed=streamed)
    for stamp_s, piece in response.pieces:
        reader.feed(stamp_s, piece)
    return reader.end(exchange, response, now_s=now_s, drained=drained)


def has_token(exchange: Exchange, dialect: Dialect) -> bool:
    """Whether a token has come by now, of a streamed call that is still open."""
    reader = StreamReader(dialect, 0)
    for stamp_s, piece in exchange.response().pieces:
        reader.feed(stamp_s, piece)
    return reader.began


class StreamReader:
    """An answer while it comes: its text for the caller now, the Reply at the end.

    Servers answer a streamed request with plain JSON and an unstreamed one with
    comments or events, so the first bytes decide which it is, not the question.
    """

    def __init__(
        self, dialect: Dialect, max_text_bytes: int, *, streamed: bool = True
    ) -> None:
        self._dialect = dialect
        self._max_text_bytes = max_text_bytes
        self._streamed = streamed
        self._decoder: sse.Decoder | None = None
        """There once events have begun; until then all is in `_document`."""
        self._document: list[bytes] = []
        self._is_document = False
        self._hole = Hole()
        self._said: dict[str, Any] = {}
        self._texts: list[str] = []
        self._reasonings: list[str] = []
        self._tokens_s: list[float] = []
        self._ack_s: float | None = None
        self._visible_s: float | None = None
        self._done_s: float | None = None
        self._refused = False
        self._over_cap = False
        self._garbage: str | None = None
        self._problem: str | None = None
        self._error: Any = None
        self._code: int | None = None

    def feed(self, stamp_s: float, piece: bytes) -> list[str]:
        """Take what one read brought; returns the text in it, event by event.

        An answer that is one JSON document has its text in the Reply alone.
        """
        if self._ack_s is None and piece:
            self._ack_s = stamp_s
        if self._decoder is None:
            self._document.append(piece)
            if self._is_document or not self._begins_stream():
                return []
            self._decoder = sse.Decoder()
            piece = self._document.pop()
        if self._over_cap or self._done_s is not None:
            return []
        try:
            events = self._decoder.feed(piece)
        except sse.StreamError as error:
            self._over_cap, self._garbage = True, str(error)
            return []
        texts = []
        for event in events:
            # A comment has no data, and is neither token nor sign of one.
            if event.data and self._done_s is None:
                text = self._take(stamp_s, event.data)
                if text:
                    texts.append(text)
        return texts

    @property
    def began(self) -> bool:
        """Whether the first token has come."""
        return bool(self._tokens_s)

    def end(
        self,
        exchange: Exchange,
        response: Response,
        *,
        now_s: float,
        drained: bool = False,
    ) -> Reply:
        """The Reply, once the exchange has ended and all its pieces were fed."""
        # After [DONE] there is nothing left that a broken connection could take away.
        failure = exchange.failure if self._done_s is None else None
        status = response.status
        if self._decoder is None:
            whole = self._read_document(status, broken=failure is not None)
        else:
            whole = self._done_s is not None or "finish_reason" in self._said
            if self._decoder.mended and self._garbage is None:
                self._garbage = _NOT_UTF8
        found = outcome(
            Facts(
                failure=None if failure is None else failure.kind,
                drained=drained,
                status=status,
                garbage=self._garbage is not None,
                refused=self._refused,
                error=self._problem is not None,
                whole=whole and failure is None,
                text=any(self._texts),
                reasoning=any(self._reasonings),
                finish_reason=self._said.get("finish_reason"),
            )
        )
        sentence = self._problem or self._garbage
        if status is not None and 300 <= status < 400:
            sentence = (
                f"Status {status}: redirects are not followed. Check the base URL."
            )
        elif sentence is None and failure is not None:
            sentence = complaint.safe(failure.detail)
        elif sentence is None and status is not None and status >= 400:
            sentence = f"Status {status}, and nothing that explains it."
        sentence = sentence or SENTENCES.get(found)
        return self._reply(found, sentence, exchange, response, now_s)

    def _begins_stream(self) -> bool:
        """Whether events have begun; leaves `_document` joined, its padding gone."""
        rest = b"".join(self._document)
        if padding := _PREAMBLE.match(rest):
            rest = rest[padding.end() :]
        if rest.startswith(b":"):
            # A comment that has not ended: its colon is enough to know it by.
            rest = b":"
        elif not _FIELD.match(rest):
            self._is_document = not any(b.startswith(rest) for b in _BEGINNINGS)
        self._document = [rest]
        return _FIELD.match(rest) is not None

    def _take(self, stamp_s: float, data: str) -> str:
        """One event; returns its text."""
        text, reasoning, is_token = self._hole.text(data), "", True
        if text is None:
            chunk = self._parse(stamp_s, data)
            if chunk is None:
                return ""
            text, reasoning = chunk.text, chunk.reasoning
            is_token = chunk.error is None
        elif self._hole.is_reasoning:
            text, reasoning = "", text
        if is_token and (text or reasoning):
            self._tokens_s.append(stamp_s)
            if text and self._visible_s is None:
                self._visible_s = stamp_s
        if text:
            self._texts.append(text)
        if reasoning:
            self._reasonings.append(reasoning)
        return text

    def _parse(self, stamp_s: float, data: str) -> Chunk | None:
        """An event that is like none before; None when it is no chunk."""
        if data.strip() == "[DONE]":
            self._done_s = stamp_s
            return None
        try:
            event = parse(data)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._garbage = "An event of the stream is not a JSON object."
            return None
        chunk = self._note(event)
        if _says_only_text(chunk):
            self._hole.learn(
                data, chunk.text or chunk.reasoning, is_reasoning=not chunk.text
            )
        return chunk

    def _read_document(self, status: int | None, *, broken: bool) -> bool:
        """Read an answer that is no stream; returns whether it came to its end."""
        body = b"".join(self._document)
        if body in (b"", b":"):
            return False
        failed = status is not None and status >= 400
        document, whole = parse_document(body)
        if document is None:
            if failed:
                self._problem = complaint.page(body)
            elif not broken:
                # What it is instead may be an answer, which stays out of errors.
                is_html = body.startswith(b"<")
                found = complaint.page(body) if is_html else "not a JSON object"
                self._garbage = f"The answer is {found}."
            return False
        if whole and not failed and not is_utf8(body):
            self._garbage = _NOT_UTF8
        chunk = self._note(document)
        self._texts.append(chunk.text)
        self._reasonings.append(chunk.reasoning)
        if failed and self._problem is None:
            self._problem, self._error = complaint.sentence(document), document
        return whole

    def _note(self, event: Json) -> Chunk:
        """Keep what an event or a document says besides text and reasoning."""
        chunk = self._dialect.read(event)
        for name in _FACTS:
            value = getattr(chunk, name)
            if value is not None:
                self._said[name] = value
        self._refused = self._refused or chunk.refused
        if chunk.error is not None and self._problem is None:
            self._problem, self._code = chunk.error, chunk.error_code
            self._error = complaint.error_of(event)
        return chunk

    def _reply(
        self,
        found: Outcome,
        sentence: str | None,
        exchange: Exchange,
        response: Response,
        now_s: float,
    ) -> Reply:
        said = self._said
        headers = response.headers
        stamps_s = tuple(self._tokens_s) if self._streamed else ()
        if "output_tokens" in said:
            said["tokens_from"] = "usage"
        elif stamps_s:
            said["output_tokens"], said["tokens_from"] = len(stamps_s), "events"
        if "generation_id" not in said:
            said["generation_id"] = label(headers.get("x-generation-id"))
        status = response.status
        code = status if status is not None and status >= 400 else self._code
        whole_text, whole_reasoning = "".join(self._texts), "".join(self._reasonings)
        text = cut(whole_text, self._max_text_bytes)
        reasoning = cut(whole_reasoning, self._max_text_bytes)
        return Reply(
            outcome=found,
            status=status,
            error=None if found is Outcome.OK else sentence,
            text=text,
            reasoning=reasoning,
            cut=len(text) < len(whole_text) or len(reasoning) < len(whole_reasoning),
            ack_s=self._ack_s,
            first_token_s=stamps_s[0] if stamps_s else None,
            first_visible_s=self._visible_s if self._streamed else None,
            last_token_s=stamps_s[-1] if stamps_s else None,
            token_events_s=stamps_s,
            ended_s=exchange.ended_s if self._done_s is None else self._done_s,
            cache_hit=_CACHE_STATUS.get(
                headers.get("x-openrouter-cache-status", "").upper()
            ),
            limit=complaint.limit(code, self._error, headers, now_s),
            **said,
        )


def _says_only_text(chunk: Chunk) -> bool:
    """Whether other events like it add nothing but their text, of one kind."""
    return (
        chunk.finish_reason is None
        and chunk.error is None
        and not (chunk.text and chunk.reasoning)
        and all(getattr(chunk, name) is None for name in _USAGE)
    )
