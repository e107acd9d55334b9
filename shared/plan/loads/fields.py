"""Fields that several loads have, said once."""

from typing import Annotated

from pydantic import Field

from shared.fields import MOST, NOT_A_BOOL
from shared.standards.units import DAY_S

UNCAPPED = 100_000
"""Lanes of an open load without `max_in_flight`. The server's MAX_CONCURRENCY holds
for it all the same: a slot due above that is dropped and counted."""

LEAST_S = 0.001
"""No stretch of a load is shorter: a worker's clock is not finer, and the number of
slots, a time over such a stretch, stays one that can be counted."""

MOST_S = 30 * DAY_S
LEAST_RATE = 0.0001
MOST_RATE = 1_000_000
"""Calls per second."""

Count = Annotated[
    Annotated[int, Field(ge=1, le=MOST), NOT_A_BOOL] | None,
    Field(
        description="Slots to run. By default prompts x targets x runs, or as many"
        " as fit where `duration_s` is given.",
        examples=[200],
    ),
]

Seconds = Annotated[float, Field(ge=LEAST_S, le=MOST_S), NOT_A_BOOL]

Duration = Annotated[
    Seconds | None,
    Field(
        description="Start nothing later than this many seconds after the start.",
        examples=[60],
    ),
]

Warmup = Annotated[
    Annotated[int, Field(ge=0, le=MOST), NOT_A_BOOL],
    Field(
        description="Slots run first under the same load, kept and never counted;"
        " `duration_s`, where given, ends them too.",
        examples=[10],
    ),
]

MaxInFlight = Annotated[
    Annotated[int, Field(ge=1, le=UNCAPPED), NOT_A_BOOL] | None,
    Field(
        description="Calls open at most. A slot that is due while all are taken is"
        " dropped and counted, never sent late. None: the server's cap alone.",
        examples=[64],
    ),
]

Rate = Annotated[float, Field(ge=LEAST_RATE, le=MOST_RATE), NOT_A_BOOL]

Lanes = Annotated[int, Field(ge=1, le=UNCAPPED), NOT_A_BOOL]
