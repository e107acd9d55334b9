"""Tokens in the store: one hash, a field for each id; and the signing key."""

import logging
import secrets
from dataclasses import dataclass

from pydantic import ValidationError
from redis import Redis as Blocking
from redis.asyncio import Redis

from shared.access import Token
from shared.store import keys
from shared.store.client import connect_blocking, reply

log = logging.getLogger("store.tokens")


@dataclass(frozen=True, slots=True)
class Known:
    """One reading."""

    tokens: dict[str, Token]
    """By id; those whose time is up, too."""
    signing_key: bytes | None
    """None where there was never a token."""
    now: float
    """The store's clock, Unix seconds."""


async def read(redis: Redis) -> Known:
    """All tokens. What cannot be read is logged and left out, so it opens nothing."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.get(keys.SIGNING_KEY)
        pipe.hgetall(keys.TOKENS)
        pipe.time()
        signing_key, found, (seconds, micros) = await pipe.execute()
    if found and signing_key is None:  # a store without tokens signs nothing
        await redis.set(keys.SIGNING_KEY, secrets.token_bytes(32), nx=True)
        signing_key = await redis.get(keys.SIGNING_KEY)
    tokens = {}
    for token_id, text in found.items():
        try:
            tokens[token_id.decode()] = Token.model_validate_json(text)
        except ValidationError:
            log.error("the token %s cannot be read", token_id.decode())
    return Known(tokens, signing_key, float(seconds + micros / 1e6))


async def put(redis: Redis, token: Token) -> None:
    """Keep it; it is good from now on."""
    await reply(redis.hset(keys.TOKENS, token.id, token.model_dump_json()))


async def revoke(redis: Redis, token_id: str) -> bool:
    """Forget it; False where it is not there. Processes look twice a second."""
    return bool(await reply(redis.hdel(keys.TOKENS, token_id)))


def number(redis_url: str) -> int:
    """How many there are. Raises what the library raises when the store is away."""
    redis: Blocking = connect_blocking(redis_url)
    try:
        return int(redis.hlen(keys.TOKENS))  # type: ignore[arg-type]
    finally:
        redis.close()
