"""How models of an upstream want to be asked, as workers have learnt: for a day."""

from collections.abc import Mapping, Sequence

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from shared.answer.wording import Wording
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import reply

_KEPT_S = DAY_S
"""A server may take tomorrow what it refuses today."""


async def read(redis: Redis, account: str, models: Sequence[str]) -> dict[str, Wording]:
    """What is known of these models."""
    said = await reply(redis.hmget(keys.wordings(account), list(models)))
    each = zip(models, said, strict=True)
    return {model: Wording(*from_json(words)) for model, words in each if words}


async def write(redis: Redis, account: str, learnt: Mapping[str, Wording]) -> None:
    """Tell it to those who ask the same models later."""
    key = keys.wordings(account)
    said = {
        model: to_json((one.limit_field, one.stream_options))
        for model, one in learnt.items()
    }
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(key, mapping=said)
        pipe.expire(key, _KEPT_S)
        await pipe.execute()
