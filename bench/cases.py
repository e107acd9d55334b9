"""What is measured: functions that give lines of the table, and whole sections."""

from collections.abc import Callable, Coroutine

from bench.life import generate, reducing, start
from bench.rates import events, requests
from bench.scale import scale
from bench.setting import Bench, Case
from bench.timing import accuracy, punctuality, tls

CASES: dict[str, Case] = {
    "requests": requests,
    "events": events,
    "accuracy": accuracy,
    "tls": tls,
    "punctuality": punctuality,
    "reduce": reducing,
    "start": start,
    "generate": generate,
}
"""In the order of the table."""

SECTIONS: dict[str, Callable[[Bench], Coroutine[None, None, str]]] = {"scale": scale}
"""What has a section of its own, behind the table."""
