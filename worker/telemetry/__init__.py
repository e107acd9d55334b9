"""What a worker shows of itself: its watch, spans, and series for Prometheus.

May import: `shared`, `worker.collector`, `worker.tasks`.
"""

from worker.telemetry.setup import set_as
from worker.telemetry.telemetry import Telemetry
from worker.telemetry.watch import Watch, machine

__all__ = ["Telemetry", "Watch", "machine", "set_as"]
