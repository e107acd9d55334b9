"""A body in its two parts: the plan, and what it says of the run."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from api.errors import invalid
from shared.about import About
from shared.plan import Plan, problems
from shared.plan.input.problems import problems_of


def validated(
    said: dict[str, Any], record: Any, name: Callable[[str], str]
) -> tuple[Plan, About]:
    """What is said of a run, and its plan; raises a Problem with all that is wrong."""
    wrong: list[tuple[str, str]] = []
    about, plan = About(), None
    try:
        about = About.model_validate(said)
    except ValidationError as error:
        wrong += problems_of(error, About)
    try:
        plan = Plan.model_validate(record)
    except ValidationError as error:
        wrong += problems(error)
    if wrong or plan is None:
        raise invalid((name(path), sentence) for path, sentence in wrong)
    return plan, about
