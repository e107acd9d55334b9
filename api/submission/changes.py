"""A rerun that does something otherwise: the changes laid over the old plan."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from api.errors import invalid
from api.submission.validated import validated
from shared.about import FIELDS, About, parted
from shared.near import meant
from shared.plan import Plan

_KNOWN = (*Plan.model_fields, *FIELDS)


def changed(text: bytes, changes: Mapping[str, Any]) -> tuple[Plan, About]:
    """A stored plan with these changes, and what they say of the run. For a thread,
    where the plan may be large.

    Raises a Problem that names each field that is unknown or wrong.
    """
    unknown = [name for name in changes if name not in _KNOWN]
    if unknown:
        raise invalid(
            (_name(name), f"There is no such field. {meant(name[:100], _KNOWN)}")
            for name in unknown
        )
    said, fields = parted(changes)
    return validated(said, laid_over(from_json(text), fields), _name)


def laid_over(old: Any, new: Any) -> Any:
    """`new` over `old`, as a JSON Merge Patch (RFC 7396): objects field by field, what
    is null is taken away. An object of another `kind` replaces the old one.

    >>> laid_over({"runs": 5, "load": {"kind": "poisson", "rate_per_s": 1}},
    ...           {"runs": None, "load": {"rate_per_s": 2}})
    {'load': {'kind': 'poisson', 'rate_per_s': 2}}
    """
    if not isinstance(new, dict):
        return new
    kept = dict(old) if isinstance(old, dict) else {}
    if "kind" in new and new["kind"] != kept.get("kind"):
        kept = {}
    for name, value in new.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = laid_over(kept.get(name), value)
    return kept


def _name(path: str) -> str:
    return f"changes.{path}" if path else "changes"
