"""What is asked: the plan of a benchmark, and all that follows from it.

`plan` is the record, and `agreement` what its fields must not say against each other;
above it follow `steps` (what each slot asks), `durations` and `size` (how long and how
much that is), below it are `targets` (whom), `loads` (when) and `prompts` (what).
Nothing here reads a clock or the network.

May import: the machinery, `checks`, `sample` for the names of outcomes, and
`comparison` for when a run is looked at.
"""

from shared.plan.extras import PRICED
from shared.plan.loads.adaptive import Adaptive
from shared.plan.loads.due import DueTimes
from shared.plan.loads.find import Find, SearchAnswer
from shared.plan.loads.shape import is_open
from shared.plan.loads.sweep import Over
from shared.plan.plan import SCHEMA, Plan
from shared.plan.plan_json import plan_json, problems, read_plan
from shared.plan.prompts.prefix import unique_prefix, with_prefix
from shared.plan.prompts.prompt import MaxTokens, Message, Text
from shared.plan.prompts.synthetic import SyntheticPrompts, calibrate
from shared.plan.retries import Retries
from shared.plan.size import check_prompts, check_size, check_targets, most_calls
from shared.plan.slo import Slo
from shared.plan.steps import (
    LEAD_S,
    Finished,
    Step,
    Work,
    answer,
    due_times,
    is_measured,
    look_of,
    next_step,
    steps,
    total,
    work,
)
from shared.plan.targets import (
    Routing,
    Target,
    Targets,
    UpstreamName,
    split_upstream,
)
from shared.plan.until import Until

__all__ = [
    "LEAD_S",
    "PRICED",
    "SCHEMA",
    "Adaptive",
    "DueTimes",
    "Find",
    "Finished",
    "MaxTokens",
    "Message",
    "Over",
    "Plan",
    "Retries",
    "Routing",
    "SearchAnswer",
    "Slo",
    "Step",
    "SyntheticPrompts",
    "Target",
    "Targets",
    "Text",
    "Until",
    "UpstreamName",
    "Work",
    "answer",
    "calibrate",
    "check_prompts",
    "check_size",
    "check_targets",
    "due_times",
    "is_measured",
    "is_open",
    "look_of",
    "most_calls",
    "next_step",
    "plan_json",
    "problems",
    "read_plan",
    "split_upstream",
    "steps",
    "total",
    "unique_prefix",
    "with_prefix",
    "work",
]
