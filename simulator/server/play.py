"""Sending a script: each frame at its own absolute time, and noting when it went."""

import asyncio
from time import monotonic

from starlette.types import Receive, Send

from simulator.ledger import Record
from simulator.pace import Pacer
from simulator.reply import Frame, Script


async def perform(
    script: Script,
    record: Record,
    pacer: Pacer,
    receive: Receive,
    send: Send,
) -> None:
    """Play `script` until its end or until the client leaves."""
    playing = asyncio.create_task(_play(script, record, pacer, send))
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        record.cut = not playing.done()
        if not record.cut:
            playing.result()
    finally:
        playing.cancel()
        leaving.cancel()
        _settle(script, record)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _play(script: Script, record: Record, pacer: Pacer, send: Send) -> None:
    start_s = record.received_s
    frames = script.frames
    if script.status is not None:
        await pacer.until(start_s + (frames[0].due_s if frames else 0.0))
        record.status = script.status
        record.head_s = monotonic()
        await send(
            {
                "type": "http.response.start",
                "status": script.status,
                "headers": [
                    (name.encode(), value.encode())
                    for name, value in script.headers.items()
                ],
            }
        )
    open_ended = script.then != "end"
    for i, frame in enumerate(frames, start=1):
        await pacer.until(start_s + frame.due_s)
        _note(record, frame, start_s + frame.due_s)
        await send(_body(frame.body, more=open_ended or i < len(frames)))
    if not frames and not open_ended:
        await send(_body(b"", more=False))
    if script.then == "forever":
        await _go_on(script.forever, record, pacer, send)


async def _go_on(again: Frame | None, record: Record, pacer: Pacer, send: Send) -> None:
    """Send `again` each `due_s` seconds, or nothing, until this task is cancelled."""
    due_s = monotonic()
    while again is not None:
        due_s += again.due_s
        await pacer.until(due_s)
        _note(record, again, due_s)
        await send(_body(again.body, more=True))
    await asyncio.Event().wait()


def _body(body: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _note(record: Record, frame: Frame, due_s: float) -> None:
    now = monotonic()
    if record.first_byte_s is None:
        record.first_byte_s = now
    record.last_byte_s = now
    if frame.text:
        record.last_token_s = now
        if record.first_token_s is None:
            record.first_token_s, record.first_token_due_s = now, due_s
        if frame.text == "content" and record.first_visible_s is None:
            record.first_visible_s = now
    record.completion_tokens += frame.tokens
    record.late_max_s = max(record.late_max_s, now - due_s)


def _settle(script: Script, record: Record) -> None:
    """Outcome, tokens, cost."""
    left_early = record.cut and not script.outcome.startswith("timeout")
    record.outcome = "cancelled" if left_early else script.outcome
    charge = script.charge
    if left_early and charge and not (record.streamed and charge.stops_when_cancelled):
        # Nobody told the model: it ran on to its end, and all of it is billed.
        record.completion_tokens = script.tokens
    record.reasoning_tokens = min(script.reasoning_tokens, record.completion_tokens)
    if charge is not None:
        record.cost_usd = charge.cost_usd(record.completion_tokens)
