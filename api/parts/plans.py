"""Plans as a benchmark's body shows them: without prompts that are too many."""

from collections import OrderedDict
from hashlib import sha256
from typing import Any

from pydantic_core import from_json, to_json

from shared.plan import read_plan
from shared.plan.plan_json import list_json

MOST_PROMPT_BYTES = 100_000
"""Prompts that take more as JSON are not shown; plan.json has them all."""

_KEPT = 64


class ShownPlans:
    """The plans that were shown last: a plan never changes, and takes a second to read
    when it is large."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def get(self, job_id: str) -> dict[str, Any] | None:
        """The plan of this run, if it is still kept."""
        return self._plans.get(job_id)

    def put(self, job_id: str, plan: dict[str, Any]) -> dict[str, Any]:
        """The same plan, kept; the oldest is forgotten for it."""
        self._plans[job_id] = plan
        if len(self._plans) > _KEPT:
            self._plans.popitem(last=False)
        return plan

    def forget(self, job_id: str) -> None:
        """Keep the plan of this run no longer."""
        self._plans.pop(job_id, None)


def shown(text: bytes) -> dict[str, Any]:
    """A stored plan as JSON; prompts of more than 100 KB by count and hash.

    Those are not validated again, which takes seconds where they are many. Raises
    NewerRecord.
    """
    record = from_json(text) if len(text) > MOST_PROMPT_BYTES else {}
    prompts = record.get("prompts")
    if not isinstance(prompts, dict) or not isinstance(prompts.get("prompts"), list):
        return read_plan(text).model_dump(mode="json")
    stand_in = {**prompts, "prompts": ["x"]}
    digest, size = sha256(), 0
    begin, end = to_json(stand_in).split(b'["x"]')
    for piece in (begin, *list_json(prompts["prompts"]), end):
        digest.update(piece)
        size += len(piece)
    if size <= MOST_PROMPT_BYTES:
        return read_plan(text).model_dump(mode="json")
    plan = read_plan(to_json({**record, "prompts": stand_in}))
    found: dict[str, Any] = plan.model_dump(mode="json")
    found["prompts"] = {
        "kind": plan.prompts.kind,
        "count": len(prompts["prompts"]),
        "sha256": digest.hexdigest(),
        "note": f"{size} bytes of prompts; plan.json has them.",
    }
    return found


def without_texts(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan as it is shown to a token without the scope content."""
    prompts = plan["prompts"]
    if "prompts" not in prompts:  # counted, or made by a rule
        return {**plan, "system_prompt": None}
    counted = {
        "kind": prompts["kind"],
        "count": len(prompts["prompts"]),
        "sha256": sha256(to_json(prompts)).hexdigest(),
        "note": "Texts are shown to tokens with the scope content.",
    }
    return {**plan, "system_prompt": None, "prompts": counted}
