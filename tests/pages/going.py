"""A run whose calls end when a test says so, and the API beside it."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from shared.sample import Outcome, Sample, encode
from shared.settings.settings import Settings
from shared.store.run import slots
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from tests.api.client import Played, submit
from tests.api.server import Api
from tests.children import CANARY
from tests.warm import processes
from tests.warm.processes import Forked

TARGETS = [{"model": "acme/swift-8b"}, {"model": "acme/orca-pro"}]


@dataclass(frozen=True)
class Going:
    """An API, and a worker that is played: calls end when a test says so."""

    api: Api
    worker: Played

    async def begin(self, **more: object) -> tuple[str, Lease]:
        """A run of 400 calls that a worker has taken."""
        job_id = submit(self.api.http, **{"targets": TARGETS, "runs": 100} | more)
        return job_id, await self.worker.claim(job_id, lease_s=300)

    async def end_calls(self, lease: Lease, n: int, **more: object) -> None:
        """Calls that ended just now; every twentieth failed."""
        taken = await slots.take(self.worker.redis, lease, n, ticket=f"{time.time()}")
        assert taken is not None
        entries = []
        for slot, attempt, _ in taken.slots:
            sample = replace(sample_of(slot), **more)
            kind = "ok" if sample.ok else "failed"
            entries.append(Entry(slot, attempt, kind, 0, encode(sample, kind)))
        await slots.commit(self.worker.redis, lease, entries, max_answers_bytes=1000)


def sample_of(slot: int) -> Sample:
    took_s = 0.2 * (1 + slot % 2) + 0.001 * (slot * 7 % 11)
    failed = slot % 20 == 19
    return Sample(
        step=0,
        slot=slot,
        target=slot % 2,
        prompt=slot // 2 % 2,
        repetition=slot // 4,
        worker="host:1",
        outcome=Outcome.RATE_LIMITED if failed else Outcome.OK,
        error=f"429: request {slot}" if failed else None,
        provider="Harbor" if slot % 3 else "Quay",
        started_at=time.time() - took_s,
        started_s=0.0,
        sent_s=0.0,
        first_token_s=took_s / 4,
        last_token_s=took_s,
        ended_s=took_s,
        output_tokens=12,
    )


def settings_of(stack: Api, store_url: str, folder: Path) -> Settings:
    return Settings(
        openrouter_base_url=stack.settings.openrouter_base_url,
        openrouter_api_key=SecretStr(CANARY),
        upstream_kind="openrouter",
        redis_url=re.sub(r"db=\d+", "db=10", store_url),
        results_dir=folder,
    )


@contextmanager
def api_process(settings: Settings, port: int, folder: Path) -> Iterator[Forked]:
    env = {
        "REDIS_URL": str(settings.redis_url),
        "OPENROUTER_BASE_URL": settings.openrouter_base_url,
        "OPENROUTER_API_KEY": CANARY,
        "UPSTREAM_KIND": "openrouter",
        "RESULTS_DIR": str(settings.results_dir),
        "LOG_FILE": str(folder / "api.log"),
        **processes.warm(),
    }
    with (folder / "api.out").open("ab") as out:
        child = Forked(["api", "--port", str(port)], env, out)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
