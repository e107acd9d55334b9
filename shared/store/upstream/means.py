"""What earlier calls of a model have brought, for guesses about later ones."""

from collections.abc import Mapping, Sequence

from redis.asyncio import Redis

from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import reply

_KEPT_S = 90 * DAY_S


async def add(redis: Redis, seen: Mapping[str, tuple[int, int]]) -> None:
    """Model -> (calls, their output tokens) of a run that has ended."""
    async with redis.pipeline(transaction=True) as pipe:
        for model, (calls, tokens) in seen.items():
            pipe.hincrby(keys.MEANS, f"{model} calls", calls)
            pipe.hincrby(keys.MEANS, f"{model} tokens", tokens)
        pipe.expire(keys.MEANS, _KEPT_S)
        await pipe.execute()


async def output_tokens(redis: Redis, models: Sequence[str]) -> dict[str, float]:
    """Model -> the mean of its answers, in tokens; those never seen are left out."""
    names = [f"{model} {what}" for model in models for what in ("calls", "tokens")]
    said = [int(n or 0) for n in await reply(redis.hmget(keys.MEANS, names))]
    each = zip(models, said[::2], said[1::2], strict=True)
    return {model: tokens / calls for model, calls, tokens in each if calls}
