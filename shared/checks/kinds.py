"""The kinds of checks, a record each: what it asks of a text, and whether it holds.

The field that says what is asked has the name of the kind, so that the kind itself can
be left out: `{"contains": "Paris"}`.
"""

import re
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BeforeValidator, Field

from shared.checks.judge import Judge
from shared.checks.schema import known_schema, may_be_read, validator
from shared.fields import NOT_A_BOOL, Frozen, Number, tagged

MOST = 20
"""Checks of a plan, and again of each prompt."""
_MOST_PATTERN = 1_000
_FENCE = re.compile(r"\s*```[^\n`]*\n(.*)\n[ \t]*```\s*", re.DOTALL)
_NUMBER = re.compile(
    r"[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?"
)

Text = Annotated[str, Field(min_length=1, max_length=65_536)]
Negate = Annotated[
    bool, Field(description="The answer passes where this fails.", examples=[True])
]
Name = Annotated[
    Annotated[str, Field(min_length=1, max_length=100)] | None,
    Field(description="What rows call it; None: by its kind.", examples=["city"]),
]
AnyCase = Annotated[
    bool, Field(description="Capital letters are as good as small.", examples=[True])
]


class CheckKind(Protocol):
    """What every kind of check has."""

    @property
    def kind(self) -> str:
        """Its tag, which is also the name of the field that says what is asked."""

    @property
    def name(self) -> str | None:
        """What rows call it."""

    @property
    def negate(self) -> bool:
        """Whether an answer passes where `holds` is false."""

    def holds(self, text: str) -> bool:
        """Whether the text is as it says, `negate` left aside. It may take for ever,
        raise RecursionError or MemoryError, and nothing else."""


class Contains(Frozen):
    """The answer has this text in it."""

    kind: Literal["contains"] = Field(
        default="contains", description="The answer has a text in it."
    )
    contains: Text = Field(description="What stands in it.", examples=["Paris"])
    ignore_case: AnyCase = False
    name: Name = None
    negate: Negate = False

    def holds(self, text: str) -> bool:
        """By characters, anywhere."""
        if self.ignore_case:
            return self.contains.casefold() in text.casefold()
        return self.contains in text


class Equals(Frozen):
    """The answer is this text and nothing else; blanks around it do not count."""

    kind: Literal["equals"] = Field(
        default="equals", description="The answer is a text."
    )
    equals: Text = Field(description="The whole answer.", examples=["yes"])
    ignore_case: AnyCase = False
    name: Name = None
    negate: Negate = False

    def holds(self, text: str) -> bool:
        """By characters, without the blanks at both ends."""
        wanted, found = self.equals.strip(), text.strip()
        if self.ignore_case:
            return wanted.casefold() == found.casefold()
        return wanted == found


def _can_be_compiled(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"it is no regular expression: {error}") from None
    return pattern


class Regex(Frozen):
    """A part of the answer matches this pattern."""

    kind: Literal["regex"] = Field(default="regex", description="A pattern matches.")
    regex: Annotated[
        str,
        Field(min_length=1, max_length=_MOST_PATTERN),
        AfterValidator(_can_be_compiled),
    ] = Field(
        description="As Python's `re` has it; `^` and `$` bind it to the ends.",
        examples=[r"^\d{4}-\d\d-\d\d$"],
    )
    name: Name = None
    negate: Negate = False

    def holds(self, text: str) -> bool:
        """Found anywhere, by `re.search`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.search(self.regex, text) is not None


class NumberNear(Frozen):
    """The last number of the answer is this one, or nearly."""

    kind: Literal["number"] = Field(
        default="number", description="The last number is right."
    )
    number: Number = Field(description="What it should be.", examples=[42])
    tolerance: Annotated[float, Field(ge=0), NOT_A_BOOL] = Field(
        default=0, description="How far off it may be, in the same unit.", examples=[1]
    )
    name: Name = None
    negate: Negate = False

    def holds(self, text: str) -> bool:
        """Of `2 x 21 is 42.` the last number is 42; of `1,234.5 km` it is 1234.5."""
        found = _NUMBER.findall(text)
        if not found:
            return False
        off = abs(float(found[-1].replace(",", "")) - self.number)
        # 0.3 is 0.1 from 0.2, whatever binary fractions say
        return off <= self.tolerance + 1e-9 * max(1.0, abs(self.number))


class MaxWords(Frozen):
    """The answer has no more words than so many."""

    kind: Literal["max_words"] = Field(
        default="max_words", description="It is not too long."
    )
    max_words: Annotated[int, Field(ge=0, le=1_000_000), NOT_A_BOOL] = Field(
        description="What stands between blanks is a word.", examples=[50]
    )
    name: Name = None
    negate: Negate = False

    def holds(self, text: str) -> bool:
        """By blanks and line ends."""
        return len(text.split()) <= self.max_words


class JsonSchema(Frozen):
    """The answer is JSON that this schema allows."""

    kind: Literal["json_schema"] = Field(
        default="json_schema", description="It is JSON of a kind."
    )
    json_schema: Annotated[dict[str, Any], AfterValidator(known_schema)] = Field(
        description="By its `$schema`, else draft 2020-12. `$ref` only into itself.",
        examples=[{"type": "object", "required": ["city"]}],
    )
    fence: bool = Field(
        default=False,
        description="A Markdown fence around it is taken off.",
        examples=[True],
    )
    name: Name = None
    negate: Negate = False

    def holds(self, text: str) -> bool:
        """The whole answer is one document."""
        fenced = _FENCE.fullmatch(text) if self.fence else None
        return may_be_read(self._validator, fenced[1] if fenced else text)

    @cached_property
    def _validator(self) -> Any:
        return validator(self.json_schema)


CHECKS: tuple[type[Frozen], ...] = (
    *(Contains, Equals, Regex, NumberNear, MaxWords, JsonSchema),
)
"""Every kind that a program decides."""

KINDS: dict[str, Any] = {
    **{each.model_fields["kind"].default: each for each in CHECKS},
    "judge": Judge,
}
"""All records by their tags."""

_TOLD_BY = {"judge": "rubric"}
"""The field that tells a kind, where that is not its name."""


def _with_kind(value: object) -> object:
    """The kind may be left out: its field tells it."""
    if not isinstance(value, dict) or "kind" in value:
        return value
    fields = {_TOLD_BY.get(kind, kind): kind for kind in KINDS}
    named = [field for field in fields if field in value]
    if len(named) != 1:
        raise ValueError(
            f"a check has one of {', '.join(fields)}, and this has"
            f" {' and '.join(named) or 'none of them'}"
        )
    return {"kind": fields[named[0]], **value}


if TYPE_CHECKING:
    Check = CheckKind | Judge
else:
    Check = Annotated[tagged((*CHECKS, Judge)), BeforeValidator(_with_kind)]


def _few(items: object) -> object:
    """Counted before any of them is looked at: a list may have a million."""
    if isinstance(items, list | tuple) and len(items) > MOST:
        raise ValueError(f"{len(items)} checks are too many; give at most {MOST}")
    return items


Checks = Annotated[tuple[Check, ...], Field(max_length=MOST), BeforeValidator(_few)]
