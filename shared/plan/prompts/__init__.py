"""Prompt sources: what is asked. One file each.

A source answers four questions, all pure functions of its fields:

    count()     how many prompts there are
    prompt(i)   the i-th of them, from 0, as a Prompt
    over(bytes) index and size of a prompt over a cap, or None
    made_bytes() bytes of text that it makes up, about; 0 where the plan has the texts

A new source is one small file, and one name in the union below. Beside them stand
`files` (uploads, which end as inline prompts) and `prefix` (against caches).
"""

from typing import Annotated

from pydantic import Field

from shared.plan.prompts.inline import InlinePrompts
from shared.plan.prompts.prefix import unique_prefix, with_prefix
from shared.plan.prompts.prompt import Message, Prompt
from shared.plan.prompts.synthetic import SyntheticPrompts, calibrate

PromptSource = Annotated[InlinePrompts | SyntheticPrompts, Field(discriminator="kind")]

__all__ = [
    "InlinePrompts",
    "Message",
    "Prompt",
    "PromptSource",
    "SyntheticPrompts",
    "calibrate",
    "unique_prefix",
    "with_prefix",
]
