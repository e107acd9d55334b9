"""Faults that end a reply before its time, or never.

Each takes a script, the answer it was made of and the fault's arguments, and returns
another script with the outcome that a client must find.
"""

from dataclasses import replace

from simulator import bodies
from simulator.faults.cuts import until
from simulator.faults.fault import Fault, Params
from simulator.reply import Answer, Frame, Outcome, Script


def truncated(script: Script, answer: Answer, params: Params) -> Script:
    return replace(script, outcome="truncated", frames=until(script, params))


def no_finish(script: Script, answer: Answer, params: Params) -> Script:
    return truncated(script, answer, {"after": "9999"})


def drop(script: Script, answer: Answer, params: Params) -> Script:
    return replace(
        script, outcome="truncated", frames=until(script, params), then="drop"
    )


def stall(script: Script, answer: Answer, params: Params) -> Script:
    frames = until(script, params)
    began = bool(frames) and (not answer.stream or any(f.text for f in frames))
    outcome: Outcome = "timeout_idle" if began else "timeout_first_token"
    return replace(script, frames=frames, outcome=outcome, then="forever")


def pause(script: Script, answer: Answer, params: Params) -> Script:
    """All after it comes later, by so many seconds."""
    late_s, begun = float(params.get("s", "0.3")), len(until(script, params))
    frames = (f._replace(due_s=f.due_s + late_s) for f in script.frames[begun:])
    return replace(script, frames=(*script.frames[:begun], *frames))


def hang(script: Script, answer: Answer, params: Params) -> Script:
    outcome: Outcome = "timeout_first_token"
    return replace(script, outcome=outcome, status=None, frames=(), then="forever")


def hang_after_head(script: Script, answer: Answer, params: Params) -> Script:
    """Without a stream there is no token to wait for: the head is the last sign."""
    outcome: Outcome = "timeout_first_token" if answer.stream else "timeout_idle"
    return replace(script, outcome=outcome, frames=(), then="forever")


def comments_forever(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.COMMENT if answer.stream else bodies.PADDING
    again = Frame(float(params.get("every_s", "0.1")), body)
    outcome: Outcome = "timeout_first_token" if answer.stream else "timeout_total"
    return replace(script, outcome=outcome, frames=(), then="forever", forever=again)


def endless(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return comments_forever(script, answer, params)
    frames = tuple(frame for frame in script.frames if frame.text)
    again = frames[-1]._replace(due_s=float(params.get("every_s", "0.01")))
    return replace(
        script, outcome="timeout_total", frames=frames, then="forever", forever=again
    )


def no_done(script: Script, answer: Answer, params: Params) -> Script:
    return replace(
        script, frames=tuple(f for f in script.frames if f.body != bodies.DONE)
    )


ENDS: dict[str, Fault] = {
    "truncated": Fault(
        "The body ends properly in the middle of the reply; `after` text events.",
        cut=truncated,
    ),
    "no-finish": Fault(
        "All text, but neither a finish_reason nor `[DONE]`.", cut=no_finish
    ),
    "no-done": Fault("A finish_reason and the usage, but no `[DONE]`.", cut=no_done),
    "drop": Fault(
        "The connection is closed after `after` text events, without a last chunk.",
        cut=drop,
    ),
    "stall": Fault("Silence after `after` text events.", cut=stall),
    "pause": Fault(
        "Silence for `s` seconds after `after` text events, and then the rest.",
        cut=pause,
    ),
    "hang": Fault("Silence from the start: no status line.", cut=hang),
    "hang-after-head": Fault("Status and headers, then silence.", cut=hang_after_head),
    "comments-forever": Fault(
        "A comment (or a blank) each `every_s`, and never a token.",
        cut=comments_forever,
    ),
    "endless": Fault(
        "The last token again each `every_s`, and never an end.", cut=endless
    ),
}
