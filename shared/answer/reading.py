"""What came back, read: from stamped bytes to a Reply.

Pure: the wall clock, for limits that open at a time of day, is a parameter. An answer
is read the same whether it is fed as it comes (`StreamReader`) or all at once after the
call (`read_exchange`), and however its bytes are cut.
"""

import re

from shared.analysis import is_burst
from shared.answer import refusal as complaint
from shared.answer.dialects.chat import Dialect, label
from shared.answer.outcomes import SENTENCES, Facts, outcome
from shared.answer.plain import CACHE_STATUS, plain_reply
from shared.answer.reply import Reply
from shared.answer.stream.document import read_document
from shared.answer.stream.heard import Heard
from shared.answer.stream.lenient import cut
from shared.answer.stream.stream import Stream
from shared.answer.usage import settle
from shared.sample import Note, Outcome
from shared.wire import Caps, Exchange, Response

_PREAMBLE = re.compile(rb"(?:[ \t\r\n]+|:[^\r\n]*[\r\n]|\xef\xbb\xbf)+")
"""Padding, comments and a byte order mark: keep-alive, of either form of answer."""

_FIELD = re.compile(rb"(?:data|event|id|retry)[:\r\n]")
_BEGINNINGS = (b"data", b"event", b"id", b"retry", b"\xef\xbb\xbf")
_LONGEST_BEGINNING = 5

_ENDED = (Outcome.OK, Outcome.EMPTY, Outcome.NO_TEXT)
"""Outcomes of streams that came to their end."""


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
    if not streamed:
        reply = plain_reply(exchange, response, dialect, max_text_bytes)
        if reply is not None:
            return reply
    reader = StreamReader(
        dialect, max_text_bytes, streamed=streamed, caps=exchange.caps
    )
    for stamp_s, piece in response.pieces:
        reader.feed(stamp_s, piece)
    return reader.end(exchange, response, now_s=now_s, drained=drained)


def has_token(exchange: Exchange, dialect: Dialect) -> bool:
    """Whether a token has come by now, of a streamed call that is still open."""
    reader = StreamReader(dialect, 0, caps=exchange.caps)
    for stamp_s, piece in exchange.response().pieces:
        reader.feed(stamp_s, piece)
    return reader.began


class StreamReader:
    """An answer while it comes: its text for the caller now, the Reply at the end.

    Servers answer a streamed request with plain JSON and an unstreamed one with
    comments or events, so the first bytes decide which it is, not the question.
    """

    def __init__(
        self,
        dialect: Dialect,
        max_text_bytes: int,
        *,
        streamed: bool = True,
        caps: Caps | None = None,
    ) -> None:
        self._max_text_bytes = max_text_bytes
        self._streamed = streamed
        self._caps = caps or Caps()
        self._heard = Heard(dialect)
        self._stream: Stream | None = None
        """There once events have begun; until then all is in `_document`."""
        self._document: list[bytes] = []
        self._is_document = False
        self._ack_s: float | None = None

    def feed(self, stamp_s: float, piece: bytes) -> list[str]:
        """Take what one read brought; returns the text in it, event by event.

        An answer that is one JSON document has its text in the Reply alone.
        """
        if self._ack_s is None and piece:
            self._ack_s = stamp_s
        if self._stream is None:
            self._document.append(piece)
            if self._is_document or not self._begins_stream():
                return []
            self._stream = Stream(self._heard, self._caps)
            piece = self._document.pop()
        return self._stream.feed(stamp_s, piece)

    @property
    def began(self) -> bool:
        """Whether the first token has come."""
        return self._stream is not None and bool(self._stream.tokens_s)

    def end(
        self,
        exchange: Exchange,
        response: Response,
        *,
        now_s: float,
        drained: bool = False,
    ) -> Reply:
        """The Reply, once the exchange has ended and all its pieces were fed."""
        heard, stream, status = self._heard, self._stream, response.status
        # After [DONE] there is nothing left that a broken connection could take away.
        done = stream is not None and stream.done_s is not None
        failure = None if done else exchange.failure
        if stream is None:
            body = b"".join(self._document)
            broken = failure is not None
            whole = read_document(body, heard, status=status, broken=broken)
        else:
            whole = stream.is_whole
        heard.end()
        found = outcome(
            Facts(
                failure=None if failure is None else failure.kind,
                drained=drained,
                status=status,
                garbage=heard.garbage is not None,
                refused=heard.refused,
                error=heard.problem is not None,
                whole=whole and failure is None,
                text=any(heard.texts),
                reasoning=any(heard.reasonings),
                tool_call=heard.calls_tool,
                finish_reason=heard.facts.get("finish_reason"),
            )
        )
        sentence = heard.problem or heard.garbage
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
        begins = _FIELD.match(rest) is not None
        if rest.startswith(b":"):
            # A comment that has not ended: its colon is enough to know it by.
            rest = b":"
        elif not begins:
            too_long = len(rest) > _LONGEST_BEGINNING
            self._is_document = too_long or not any(
                beginning.startswith(rest) for beginning in _BEGINNINGS
            )
        self._document = [rest]
        return begins

    def _reply(
        self,
        found: Outcome,
        sentence: str | None,
        exchange: Exchange,
        response: Response,
        now_s: float,
    ) -> Reply:
        heard, stream = self._heard, self._stream
        headers, status = response.headers, response.status
        whole_text, whole_reasoning = "".join(heard.texts), "".join(heard.reasonings)
        text = cut(whole_text, self._max_text_bytes)
        reasoning = cut(whole_reasoning, self._max_text_bytes)
        told = stream if self._streamed else None
        stamps_s = tuple(told.tokens_s) if told else ()
        cache_hit = CACHE_STATUS.get(
            headers.get("x-openrouter-cache-status", "").upper()
        )
        came = bool(whole_text) or heard.calls_tool
        facts, notes = heard.facts, heard.notes
        notes |= settle(
            facts,
            text=came,
            reasoning=bool(whole_reasoning),
            cached=cache_hit is True,
        )
        if "output_tokens" in facts:
            facts["tokens_from"] = "usage"
        elif stamps_s:
            facts["output_tokens"], facts["tokens_from"] = len(stamps_s), "events"
        if is_burst(stamps_s, facts.get("output_tokens")):
            notes.add(Note.ONE_BURST)
        if self._streamed and stream is None and (came or whole_reasoning):
            notes.add(Note.NOT_STREAMED)
        if stream is not None and stream.done_s is None and found in _ENDED:
            notes.add(Note.NO_DONE)
        if "generation_id" not in facts:
            facts["generation_id"] = label(headers.get("x-generation-id"))
        failed = status is not None and status >= 400
        code = status if failed else heard.code
        done_s = None if stream is None else stream.done_s
        return Reply(
            outcome=found,
            status=status,
            error=None if found is Outcome.OK else sentence,
            text=text,
            reasoning=reasoning,
            cut=len(text) < len(whole_text) or len(reasoning) < len(whole_reasoning),
            ack_s=self._ack_s,
            first_token_s=stamps_s[0] if stamps_s else None,
            first_visible_s=told.visible_s if told else None,
            last_token_s=stamps_s[-1] if stamps_s else None,
            token_events_s=stamps_s,
            ended_s=exchange.ended_s if done_s is None else done_s,
            cache_hit=cache_hit,
            limit=complaint.limit(code, heard.complaint, headers, now_s),
            error_code=None if failed else heard.code,
            whole_text=whole_text,
            notes=" ".join(each for each in Note if each in notes) if notes else None,
            **facts,
        )
