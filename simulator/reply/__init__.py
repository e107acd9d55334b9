"""What it answers: the words, and the script of their bytes and due times. Pure.

May import: `bodies`, `pace`.
"""

from simulator.reply.judging import word
from simulator.reply.render import completion_of, render, usage_of
from simulator.reply.script import (
    EVERY_REPLY,
    JSON_HEADERS,
    PAGE_HEADERS,
    Answer,
    Charge,
    Frame,
    Outcome,
    Script,
    refuse,
)

__all__ = [
    "EVERY_REPLY",
    "JSON_HEADERS",
    "PAGE_HEADERS",
    "Answer",
    "Charge",
    "Frame",
    "Outcome",
    "Script",
    "completion_of",
    "refuse",
    "render",
    "usage_of",
    "word",
]
