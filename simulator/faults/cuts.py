"""Where a script is cut and what is put into it; see `simulator.faults.table`."""

from collections.abc import Mapping
from dataclasses import replace

from simulator.faults.fault import Params
from simulator.reply import JSON_HEADERS, Answer, Frame, Outcome, Script


def until(script: Script, params: Params) -> tuple[Frame, ...]:
    """The frames up to the text frame number `after`, half of them unless told.

    A reply of one frame is halved in the middle of its bytes.
    """
    spoken = [i for i, frame in enumerate(script.frames) if frame.text]
    if not spoken:
        *padding, whole = script.frames
        half = whole.body[: len(whole.body) // 2]
        return (*padding, whole._replace(body=half, tokens=0))
    after = min(int(params.get("after", len(spoken) // 2)), len(spoken))
    # What hidden reasoning took is told with the first text, and not before.
    return script.frames[: spoken[after - 1] + 1 if after else spoken[0]]


def instead(
    script: Script,
    body: bytes,
    outcome: Outcome,
    *,
    tokens: int = 0,
    headers: Mapping[str, str] = JSON_HEADERS,
) -> Script:
    """A 200 with this body, at the time at which the first token was due."""
    due_s = next((f.due_s for f in script.frames if f.tokens), 0.0)
    return replace(
        script,
        outcome=outcome,
        frames=(Frame(due_s, body, tokens),),
        headers=headers,
        charge=None,
    )


def before_finish(
    script: Script, answer: Answer, body: bytes, outcome: Outcome
) -> Script:
    if not answer.stream:
        return instead(script, body, outcome)
    spoken = (i for i, frame in enumerate(script.frames) if frame.text)
    at = max(spoken, default=-1) + 1
    odd = Frame(answer.ends_s, body)
    frames = (*script.frames[:at], odd, *script.frames[at:])
    return replace(script, outcome=outcome, frames=frames)


def as_good(script: Script, answer: Answer, body: bytes) -> Script:
    """The whole answer in an odd wrapping, which a client must see through."""
    tokens = answer.tokens
    return replace(instead(script, body, "ok", tokens=tokens), charge=script.charge)
