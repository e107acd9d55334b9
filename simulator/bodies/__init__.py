"""How it speaks: OpenRouter's replies and errors; the one place that knows their shape.

Pure functions that return dicts or bytes, so that a raw-socket server can speak the
same language. `refusals` are the errors that have a name.

May import: nothing of the simulator.
"""

from simulator.bodies.encode import (
    COMMENT,
    DONE,
    PADDING,
    Scientific,
    encode,
    event,
    quoted,
)
from simulator.bodies.errors import (
    edge_page,
    error,
    error_chunk,
    plain_error,
    zod_error,
)
from simulator.bodies.replies import (
    PIECE,
    UNHEARD_OF,
    ContentField,
    Head,
    ReasoningField,
    UsageShape,
    chunk,
    chunk_around,
    completion,
    plain_usage,
    spoken,
    thought,
    usage,
    usage_chunk,
)

__all__ = [
    "COMMENT",
    "DONE",
    "PADDING",
    "PIECE",
    "UNHEARD_OF",
    "ContentField",
    "Head",
    "ReasoningField",
    "Scientific",
    "UsageShape",
    "chunk",
    "chunk_around",
    "completion",
    "edge_page",
    "encode",
    "error",
    "error_chunk",
    "event",
    "plain_error",
    "plain_usage",
    "quoted",
    "spoken",
    "thought",
    "usage",
    "usage_chunk",
    "zod_error",
]
