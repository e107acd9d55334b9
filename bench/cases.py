"""What is measured, in the order of the table: functions that give its lines."""

from bench.life import generate, reducing, start
from bench.rates import events, requests
from bench.setting import Case
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
