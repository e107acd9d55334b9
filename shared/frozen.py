"""The one pydantic configuration of everything that a plan is made of."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Cannot change, refuses unknown fields, NaN and infinity."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_max_length=16 * 1024**2
    )
