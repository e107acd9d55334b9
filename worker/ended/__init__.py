"""A run that takes no more rows has its answers judged, where it has judges; it is
reduced, then compared with its bills; its files are deleted when they are old or too
large.

May import: `shared`, `worker.advance`, `worker.tasks`, `worker.telemetry`.
"""

from worker.ended.aftermath import Aftermath

__all__ = ["Aftermath"]
