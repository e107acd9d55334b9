"""What a run's workers know of an upstream that is down: together, on store time.

`upstream` names all of it (`upstream NAME` one that has a name), `target I` one target
of the plan. While one is down it
takes no call, but for one call of all workers that tries it after each of growing
pauses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.settings import DEFAULT
from shared.store import keys
from shared.store.client import call, reply
from shared.store.run.leases import Lease

UPSTREAM = "upstream"
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
_FORGOTTEN_S = 60.0
"""An outage that nobody has looked at for so long, with a call's longest time, is not
the same one any more."""


def of_upstream(name: str) -> str:
    """The name of one upstream of the plan."""
    return UPSTREAM if name == DEFAULT else f"{UPSTREAM} {name}"


def is_upstream(name: str) -> bool:
    """Whether it is an upstream, and not a target of one."""
    return name.startswith(UPSTREAM)


def of_target(index: int) -> str:
    """The name of one target."""
    return f"target {index}"


@dataclass(frozen=True, slots=True)
class Outage:
    """The upstream or a target is down. All times are ms of the store's clock."""

    since_ms: int
    told_ms: int
    """When the last failed call of the outage was told."""
    until_ms: int
    """No call before then."""
    words: str
    """The upstream's own, or of the connection that failed."""


async def failed(
    redis: Redis,
    lease: Lease,
    account: str,
    name: str,
    *,
    began_ms: int,
    words: str,
    not_before_ms: int,
    call_s: float,
) -> Outage:
    """A call that began at `began_ms` has shown an outage: note it, and tell all
    workers.

    not_before_ms: the upstream's hint, ignored where it is past. call_s: so long a try
    may take.
    """
    since, told, until = await call(
        redis,
        "outage",
        [keys.run(lease.job_id, ":down"), keys.run(lease.job_id)],
        [
            *(name, began_ms, words),
            *(int(FIRST_PAUSE_S * 1000), int(LONGEST_PAUSE_S * 1000)),
            *(not_before_ms, int((_FORGOTTEN_S + call_s) * 1000)),
        ],
    )
    outage = Outage(int(since), int(told), int(until), words)
    await redis.publish(keys.BARS, f"{account} {outage.until_ms} {_bar(lease, name)}")
    return outage


async def probe(
    redis: Redis, lease: Lease, names: Sequence[str], call_id: str, *, call_s: float
) -> tuple[frozenset[str], tuple[str, int] | None]:
    """Whether one call may try those that are down.

    (those of `names` that are not down any more, None), or where it may not,
    (nobody, the name that bars it and when to ask again, ms).
    """
    leave, *rest = await call(
        redis,
        "probe",
        [keys.run(lease.job_id, ":down")],
        [call_id, int(call_s * 1000), *names],
    )
    if leave:
        return frozenset(name.decode() for name in rest), None
    again_ms, name = rest
    return frozenset(), (name.decode(), int(again_ms))


async def recovered(
    redis: Redis, lease: Lease, account: str, name: str, *, began_ms: int
) -> None:
    """A call was answered: note the end of the outage, and tell all workers."""
    key = keys.run(lease.job_id)
    args = [name, began_ms]
    if await call(redis, "recover", [key, f"{key}:events", f"{key}:down"], args):
        await redis.publish(keys.BARS, f"{account} 0 {_bar(lease, name)}")
        await redis.publish(keys.PUSH, lease.job_id)


async def idle(
    redis: Redis, lease: Lease, until_ms: int, outage: Outage, *, most_s: float
) -> str:
    """This shard has nothing left that does not wait for the outage. The run's state:
    `waiting` when no other shard has, `reducing` when it lasts longer than `most_s`."""
    step = lease.step.number
    sentence = (
        f"The upstream was down for more than {most_s:g} s ({outage.words}). Look"
        " whether it runs and can be reached, then rerun what is missing."
    )
    status = await call(
        redis,
        "idle",
        [
            keys.run(lease.job_id),
            keys.run(lease.job_id, ":events"),
            keys.step(lease.job_id, step)[0],
        ],
        [
            *(lease.shard, lease.epoch, step, until_ms, outage.words),
            *(outage.since_ms, int(most_s * 1000), sentence),
        ],
    )
    if status in (b"waiting", b"reducing"):
        await redis.publish(keys.PUSH, lease.job_id)
    said: str = status.decode()
    return said


async def known(redis: Redis, job_id: str) -> dict[str, Outage]:
    """Name -> what is down now."""
    found = await reply(redis.hgetall(keys.run(job_id, ":down")))
    said = {name.decode(): value.decode() for name, value in found.items()}
    names = [name.removesuffix(":since") for name in said if name.endswith(":since")]
    return {
        name: Outage(
            since_ms=int(said[f"{name}:since"]),
            told_ms=int(said[f"{name}:told"]),
            until_ms=int(said[f"{name}:until"]),
            words=said[f"{name}:words"],
        )
        for name in names
    }


def is_outage(bar: str) -> bool:
    """Whether a push is about an outage, of whatever run."""
    return bar.startswith("down:")


def heard(lease: Lease, bar: str) -> str | None:
    """The name that a push of an outage is about; None: it is about another run."""
    run, _, name = bar.partition(" ")
    return name if run == f"down:{lease.job_id}" else None


def _bar(lease: Lease, name: str) -> str:
    return f"down:{lease.job_id} {name}"
