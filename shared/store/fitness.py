"""Whether REDIS_URL leads to a store that this program can work with.

Looked at by every entry before it begins, and by a worker again when a store that was
away has come: what is wrong then stays wrong until a person mends it, and asking again
and again would only fill the store's log of refused logins.
"""

import ssl
from collections.abc import Mapping
from typing import Any

from redis import Redis
from redis.exceptions import InvalidResponse, NoPermissionError, ResponseError

from shared.settings import Settings
from shared.settings.check import Check
from shared.settings.credentials import without_credentials
from shared.store import durable, keys
from shared.store.client import AWAY, REFUSED, connect_blocking, refusal_of
from shared.store.embedded import OLDEST

_NAME = "REDIS_URL"
_LOGIN = "Correct the user, the password or the rights of that user."

_USE = """
redis.call('HSET', KEYS[1], 'a', 1)
redis.call('DEL', KEYS[1])
redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1, '*', 'a', 1)
redis.call('DEL', KEYS[1])
redis.call('SETBIT', KEYS[1], 1, 1)
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[1], 1, 'a')
redis.call('PEXPIRE', KEYS[1], 1)
return redis.call('DEL', KEYS[1])
"""
"""Of each kind of what our scripts do; a right that is missing is seen now."""


def store(settings: Settings) -> tuple[Check, ...]:
    """What there is to say of the store; one that is away may come yet."""
    url = settings.redis_url
    try:
        return store_or_raise(settings)
    except AWAY as error:
        where = without_credentials(url or "")
        sentence = f"{where} does not answer ({type(error).__name__})."
        return (Check(_NAME, "warn", sentence, "It is asked again until it does."),)


def store_or_raise(settings: Settings) -> tuple[Check, ...]:
    """The same; raises one of AWAY for a store that does not answer. Takes up to some
    seconds, in which nothing else is done."""
    url = settings.redis_url
    if url is None:
        return ()
    where = without_credentials(url)
    try:
        with connect_blocking(url, timeout_s=3) as redis:
            told, wrong = _info(redis)
            if wrong is None:
                _use(redis)
    except REFUSED as error:
        return (_bad(f"{where} refuses us ({error}).", _LOGIN),)
    except InvalidResponse:
        return (_bad(f"what answers at {where} is no Redis.", "Correct the address."),)
    except AWAY as error:
        if _is_of_certificate(error):
            remedy = "Name its authority: REDIS_URL=rediss://...?ssl_ca_certs=FILE"
            return (_bad(f"the certificate of {where} is not trusted.", remedy),)
        raise
    except ResponseError as error:
        if isinstance(refusal_of(error), REFUSED):
            return (_bad(f"{where} refuses us ({error}).", _LOGIN),)
        return (_bad(f"{where} does not do what is needed ({error}).", _FIX),)
    except (TypeError, ValueError):  # of the library, which may quote the address
        return (_bad("its query is not understood.", "Leave out what follows the ?."),)
    if wrong is not None:
        return (_bad(f"{where} {wrong}", "Choose another store."),)
    return (_keeps(told, settings, where),)


_FIX = (
    "Check the number of the database, and that this is Redis or Valkey 6.2 or later."
)


def _bad(sentence: str, remedy: str) -> Check:
    return Check(_NAME, "bad", sentence, remedy)


def _info(redis: Redis) -> tuple[Mapping[str, Any] | None, str | None]:
    """What the store tells of itself, None where it may not; why it cannot serve."""
    redis.ping()
    try:
        told: Mapping[str, Any] = redis.info()  # type: ignore[assignment]
    except NoPermissionError:
        return None, None
    return told, _unfit(told)


def _unfit(told: Mapping[str, Any]) -> str | None:
    mode = str(told.get("redis_mode", "standalone"))
    if mode == "cluster" or str(told.get("cluster_enabled", "0")) == "1":
        return "is a cluster, whose scripts cannot join keys of several nodes."
    if mode == "sentinel":
        return "is a sentinel, which keeps no data; the server that it names does."
    version = str(told.get("redis_version", "")).split(".")
    numbers = tuple(int(part) for part in version if part.isdigit())
    if numbers and numbers < OLDEST:
        return f"is Redis {'.'.join(version)}; 6.2 is the oldest that can be used."
    return None


def _use(redis: Redis) -> None:
    """Do once what is done all the time; note when this store was first seen."""
    seconds, micros = redis.time()  # type: ignore[misc]
    redis.set(keys.BORN, int(seconds * 1000 + micros / 1000), nx=True)
    redis.eval(_USE, 1, keys.PROBE)
    redis.exists("arq:job:probe")
    redis.publish(keys.PROBE, "")


def _keeps(told: Mapping[str, Any] | None, settings: Settings, where: str) -> Check:
    name = "store"
    if told is None:
        sentence = "it does not tell whether it writes to disk."
        remedy = "See that AOF is on and maxmemory-policy is noeviction."
        return Check(name, "warn", sentence, remedy)
    wrong = durable.wrong(told)
    if wrong is None:
        version = told.get("valkey_version") or told.get("redis_version")
        return Check(name, "ok", f"{where} answers, version {version}, and keeps rows.")
    if settings.allow_volatile:
        sentence = f"it {wrong}: counted rows may be lost (ALLOW_VOLATILE)."
        return Check(name, "warn", sentence)
    return Check(name, "bad", f"it {wrong}. Counted rows could be lost.", durable.FIX)


def _is_of_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
