"""Whom a plan asks: `target`, its `upstream`, and `routing`, what is said to
OpenRouter's router.

May import: `shared.fields`, `shared.settings`, and of `shared.plan` what stands below:
`extras`, `input`, `model_id`, `prompts`.
"""

from shared.plan.targets.routing import MaxPrice, Routing
from shared.plan.targets.target import Target, Targets, Temperature
from shared.plan.targets.upstream import UpstreamName, split_upstream

__all__ = [
    "MaxPrice",
    "Routing",
    "Target",
    "Targets",
    "Temperature",
    "UpstreamName",
    "split_upstream",
]
