"""Prompt sources: what is asked. One file each.

What a source has to answer is `source.Source`. A new one is one small file and its name
in SOURCES; the union that a plan takes, and the tests of what every source promises,
follow from that. Beside them stand `files` (uploads, which end as inline prompts) and
`prefix` (against caches).
"""

from typing import TYPE_CHECKING

from shared.fields import tagged
from shared.plan.prompts.inline import InlinePrompts
from shared.plan.prompts.prefix import unique_prefix, with_prefix
from shared.plan.prompts.prompt import Message, Prompt
from shared.plan.prompts.source import Source
from shared.plan.prompts.synthetic import SyntheticPrompts, calibrate

SOURCES: tuple[type[Source], ...] = (InlinePrompts, SyntheticPrompts)
"""Every source."""

if TYPE_CHECKING:
    PromptSource = Source
else:
    PromptSource = tagged(SOURCES)

__all__ = [
    "SOURCES",
    "InlinePrompts",
    "Message",
    "Prompt",
    "PromptSource",
    "Source",
    "SyntheticPrompts",
    "calibrate",
    "unique_prefix",
    "with_prefix",
]
