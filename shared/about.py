"""What people say of a run: its name, tags and a note. Not what is measured, so no part
of the plan; it may change at any time, and outlives the run's record.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from shared.fields import Frozen

MOST_TAGS = 20
MOST_NAME, MOST_TAG, MOST_NOTE = 200, 50, 4000
"""Characters."""

_TAG = re.compile(r"\w[\w .:/@+=-]*")


def _given(text: object) -> object:
    """Without the blanks around it; None where nothing is left, which says nothing."""
    return text.strip() or None if isinstance(text, str) else text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("use characters that can be seen, on one line")
    return text


def _lines(text: str) -> str:
    _one_line(text.replace("\r\n", "").replace("\n", "").replace("\t", ""))
    return text


def _tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise ValueError(
            "begin it with a letter or a digit, and use these, blanks and _ . : / @ + ="
            " -"
        )
    return text


def _once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


Name = Annotated[str, Field(max_length=MOST_NAME), AfterValidator(_one_line)]
Note = Annotated[str, Field(max_length=MOST_NOTE), AfterValidator(_lines)]
Tag = Annotated[
    str,
    BeforeValidator(_given),
    Field(min_length=1, max_length=MOST_TAG),
    AfterValidator(_tag),
]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS), AfterValidator(_once)]


class About(Frozen):
    """A name, tags and a note; each may be missing."""

    name: Annotated[Name | None, BeforeValidator(_given)] = Field(
        default=None,
        description="A name for people; it need not be the only one of its kind.",
        examples=["nightly, before the upgrade"],
    )
    tags: Tags = Field(
        default=(),
        description="To find it by, and others like it.",
        examples=[["nightly", "gpu:h100"]],
    )
    note: Annotated[Note | None, BeforeValidator(_given)] = Field(
        default=None,
        description="Whatever should be known of it later.",
        examples=["The provider moved to new machines this morning."],
    )

    def with_said(self, said: "About") -> "About":
        """This one, with those fields that are given in `said`."""
        given = {field: getattr(said, field) for field in said.model_fields_set}
        return self.model_copy(update=given)


NOTHING = About()
FIELDS = tuple(About.model_fields)


def parted(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a document says of the run, and the rest of it, which is its plan.

    >>> parted({"name": "nightly", "runs": 5})
    ({'name': 'nightly'}, {'runs': 5})
    """
    about = {name: document[name] for name in FIELDS if name in document}
    return about, {name: document[name] for name in document if name not in about}
