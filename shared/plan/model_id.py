"""What a model may be called: as the upstream lists it, whatever that is.

A vendor's slug, `@cf/meta/llama-3`, the path of a local file, with spaces and commas.
Only what nobody can see is refused: control characters, which move a terminal's cursor,
and invisible ones (zero-width, marks of the writing direction), by which two names look
alike that are not the same. An id is data: no name of a file is ever made of it, and in
the path of a URL it is percent-encoded.
"""

from typing import Annotated
from unicodedata import name as name_of
from urllib.parse import quote

from pydantic import AfterValidator, Field

MOST_CHARACTERS = 200


def problem(text: str) -> str | None:
    """What is wrong with a name, and the remedy; None when it may be used.

    >>> problem("C:\\\\models\\\\qwen 2.5, q4.gguf")
    >>> problem("acme/orca\\n")
    'character 10 is U+000A, which cannot be seen; remove it'
    """
    if len(text) > MOST_CHARACTERS:
        return (
            f"it has {len(text)} characters and may have {MOST_CHARACTERS}; give the"
            " name as GET /models lists it"
        )
    if not text or text.isspace():
        return "it is blank; give the name as GET /models lists it"
    for place, character in enumerate(text, 1):
        if not character.isprintable():
            code = f"U+{ord(character):04X}"
            called = name_of(character, "").lower()
            shown = f"{code} ({called})" if called else code
            return f"character {place} is {shown}, which cannot be seen; remove it"
    return None


def _checked(text: str) -> str:
    wrong = problem(text)
    if wrong is not None:
        raise ValueError(wrong)
    return text


Name = Annotated[str, AfterValidator(_checked)]
"""A name that a stranger gave to something, and that can be shown as it is."""

ModelId = Annotated[
    Name,
    Field(
        description="The model's name as the upstream lists it: any printable"
        f" characters, at most {MOST_CHARACTERS}.",
        json_schema_extra={"minLength": 1, "maxLength": MOST_CHARACTERS},
    ),
]


def in_path(model: str) -> str | None:
    """The id as a part of a URL's path, its slashes kept; None where that would lead
    elsewhere: `..` steps up, whether it is percent-encoded or not.

    >>> in_path("@cf/qwen 2.5?x#y"), in_path("../key")
    ('%40cf/qwen%202.5%3Fx%23y', None)
    """
    if {".", ".."} & set(model.split("/")):
        return None
    return quote(model, safe="/:~")
