"""What a store did between two moments, as it tells of itself (INFO)."""

from collections import Counter
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.store.client import reply

_SCRIPTS = ("evalsha", "eval")


@dataclass(frozen=True, slots=True)
class Did:
    """Counted since the store's start, or what is left of that by `less`."""

    calls: Counter[str]
    """Commands by name, those within scripts too."""
    script_s: float
    """By the clock, within scripts."""
    cpu_s: float
    """Of its process with all its threads; without the child that rewrites the AOF."""
    in_bytes: int
    out_bytes: int
    """Over its sockets."""
    memory_bytes: int
    """What it has allocated."""

    @property
    def scripts(self) -> int:
        """Scripts run: the round trips of claim, take, commit and renew."""
        return sum(self.calls[name] for name in _SCRIPTS)

    @property
    def commands(self) -> int:
        """Commands run, those within scripts too."""
        return sum(self.calls.values())

    def less(self, other: "Did") -> "Did":
        """Without what the other did: from then until now, for one."""
        return Did(
            self.calls - other.calls,
            self.script_s - other.script_s,
            self.cpu_s - other.cpu_s,
            self.in_bytes - other.in_bytes,
            self.out_bytes - other.out_bytes,
            self.memory_bytes - other.memory_bytes,
        )


async def did(redis: Redis) -> Did:
    """Until now; asking is not counted among the commands."""
    told = await redis.info("everything")
    mark = "cmdstat_"
    seen = {
        name.removeprefix(mark): said
        for name, said in told.items()
        if name.startswith(mark) and name != f"{mark}info"
    }
    return Did(
        Counter({name: int(said["calls"]) for name, said in seen.items()}),
        sum(seen[name]["usec"] for name in _SCRIPTS if name in seen) / 1e6,
        told["used_cpu_user"] + told["used_cpu_sys"],
        told["total_net_input_bytes"],
        told["total_net_output_bytes"],
        told["used_memory"],
    )


async def weighs(redis: Redis, key: str) -> int:
    """Bytes that a key takes in the store, each of its elements counted."""
    return await reply(redis.memory_usage(key, samples=0)) or 0
