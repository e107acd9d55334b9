"""What a delta or a message says: its text, its reasoning, and whether it calls a tool.

Dialects differ in the field, not in the meaning, so each field is read in any dialect.
A field of the wrong type counts as missing.
"""

from typing import Any

from shared.answer.refusal import Json, table

_THOUGHTS = ("reasoning", "reasoning_content", "reasoning_details", "thinking")
"""Where the readable reasoning may stand; last in parts of `content`. Routers repeat it
under several of these names, so the first that holds any is read and no other."""


def read_message(message: Json) -> tuple[str, str]:
    """(text, reasoning) of a delta or a message; "" for what there is none of."""
    content = message.get("content")
    said, thought = (content, "") if isinstance(content, str) else _parts(content)
    for name in _THOUGHTS:
        if (field := message.get(name)) and (found := text(field)):
            return said, found
    return said, thought


def calls_tool(message: Json) -> bool:
    """Whether a fragment of a tool call, or of an old `function_call`, is in it."""
    calls, old = message.get("tool_calls"), message.get("function_call")
    if not calls and not old:
        return False
    called = [old]
    for each in calls if isinstance(calls, list) else ():
        called += (table(each).get("function"), table(each).get("custom"))
    names = ("name", "arguments", "input")
    return any(table(one).get(name) for one in called for name in names)


def text(content: Any) -> str:
    """Content as text: a string, or the readable parts of a list of parts; else "".

    Encrypted reasoning and bare signatures are not readable.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(map(_readable, content))


def _readable(part: Any) -> str:
    said = table(part)
    found = (said.get(name) for name in ("text", "summary"))
    return next((each for each in found if each and isinstance(each, str)), "")


def _parts(content: Any) -> tuple[str, str]:
    """(text, thinking) of a list of parts; parts of other kinds, such as references to
    sources, are neither."""
    said, thought = [], []
    for part in content if isinstance(content, list) else ():
        kind = table(part).get("type")
        if kind in ("thinking", "reasoning"):
            thought.append(text(part.get(kind)) or _readable(part))
        else:
            said.append(_readable(part))
    return "".join(said), "".join(thought)
