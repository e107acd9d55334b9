"""Whom a plan asks: `target`, and `routing`, what is said to OpenRouter's router.

May import: `shared.fields`, and of `shared.plan` what stands below: `extras`, `input`,
`model_id`, `prompts`.
"""

from shared.plan.targets.routing import MaxPrice, Routing
from shared.plan.targets.target import Target, Targets, Temperature

__all__ = ["MaxPrice", "Routing", "Target", "Targets", "Temperature"]
