"""One shard of a step, worked under a lease: slots in, calls begun, until none is left.

    Supply ──slots──> Calls ──requests──> wire ──exchanges──> rows ──> store

May import: `shared`, `worker.rows`, `worker.gate`, `worker.checks`, `worker.telemetry`.
"""

from worker.shard.shard import Shard

__all__ = ["Shard"]
