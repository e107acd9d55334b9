"""`--check KIND=VALUE`: a check of all answers, as a CSV file has it."""

from typing import Any

from shared.checks import COLUMN, check_of_cell
from shared.errors import BadPlan


def check(text: str) -> dict[str, Any]:
    """A check that is said in one word; the plan tells what is wrong with its value.

    >>> check("contains=Paris"), check("max_words=5"), check("regex=a=b")
    ({'contains': 'Paris'}, {'max_words': 5}, {'regex': 'a=b'})
    """
    kind, equals, value = text.partition("=")
    if not (kind.strip() and equals and value):
        raise BadPlan(f"--check {text!r}: write KIND=VALUE: contains=Paris", "checks")
    try:
        return check_of_cell(f"{COLUMN}{kind}", value)
    except ValueError as error:
        said = str(error).replace(f"`{COLUMN}{kind}`", "its value")
        raise BadPlan(f"--check {text!r}: {said}", "checks") from None


def set_checks(
    record: dict[str, Any], came: dict[str, str], said: list[str] | None
) -> None:
    """`checks`: those of the flag come after those of the plan."""
    if said:
        record["checks"] = [*(record.get("checks") or ()), *map(check, said)]
        came["checks"] = "--check"
