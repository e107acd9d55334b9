"""One call as its phases, from its bytes being sent: positions in per cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.pages.figures.axes import line_ends, line_ticks, named, unit_of

MOST_TICKS = 400


@dataclass(frozen=True, slots=True)
class Phase:
    """One line of the picture. `at` and `wide` are None where it is not known."""

    name: str
    about: str
    """The definition of it: a name of docs/metrics.md, or ""."""
    formula: str
    at: float | None
    wide: float | None
    lasted_s: float | None
    beside: str = ""
    """What else is to say of it."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A call, laid out."""

    phases: tuple[Phase, ...]
    events: tuple[float, ...]
    """Where token events are; () where the plan did not keep them."""
    events_n: int | None
    longest_gap_s: float | None
    ticks: tuple[tuple[float, str], ...]


def waterfall(
    row: Mapping[str, str], events_s: Sequence[float] | None, long_s: float = 0.0
) -> Waterfall:
    """row: the known cells of samples.csv, by column. events_s: seconds after it was
    sent. long_s: the axis is at least so long, so that two calls have the same one."""
    get = {name: float(cell) for name, cell in row.items() if name.endswith("_s")}
    sent = get.get("sent_s")

    def since(name: str) -> float | None:
        return None if sent is None or name not in get else get[name] - sent

    ack, first, seen = map(since, ("ack_s", "first_token_s", "first_visible_s"))
    last, end = since("last_token_s"), since("ended_s")
    length = max([long_s, *(each for each in (end, last) if each is not None)])
    high = line_ends(length or 1.0)[1]

    def phase(
        name: str,
        formula: str,
        begin: float | None,
        stop: float | None,
        beside: str = "",
        about: str = "",
    ) -> Phase:
        if begin is None or stop is None:
            return Phase(name, about, formula, None, None, None, beside)
        at, wide = 100 * begin / high, 100 * max(0.0, stop - begin) / high
        lasted = max(0.0, stop - begin)
        return Phase(name, about, formula, round(at, 3), round(wide, 3), lasted, beside)

    queue = get.get("queue_s")
    connect = get.get("connect_s")
    reasoned = first is not None and seen is not None and seen > first
    visible = seen if seen is not None else None
    reasoning, output = row.get("reasoning_tokens"), row.get("output_tokens")
    shown = _less(output, reasoning)
    phases = [
        Phase(
            "queue",
            "queue_s",
            "started_s − due_s",
            None,
            None,
            queue,
            "" if queue is not None else "closed load",
        ),
        Phase(
            "connect",
            "connect_s",
            "name, TCP and TLS",
            None,
            None,
            connect,
            "reused" if row.get("reused") == "true" and connect is None else "",
        ),
        phase("to first byte", "ack_s − sent_s", 0.0, ack),
        phase("to first token", "first_token_s − ack_s", ack, first),
    ]
    if reasoned:
        said = f"{reasoning} tokens" if reasoning not in (None, "0") else ""
        phases.append(
            phase("reasoning", "first_visible_s − first_token_s", first, seen, said)
        )
    said = f"{shown} tokens" if shown else ""
    phases.append(
        phase("visible text", "last_token_s − first_visible_s", visible, last, said)
    )
    if end is not None and (last is None or end - last > 0.002 * (high or 1)):
        begin = next((e for e in (last, first, ack) if e is not None), 0.0)
        phases.append(phase("to the end", "ended_s − last_token_s", begin, end))
    unit = unit_of([high * 0.99])
    ticks = line_ticks(0.0, high)
    labels = [named(round(tick * unit.per_s, 6)) for tick in ticks]
    labels[-1] += f" {unit.name}"
    places = [100 * tick / high for tick in ticks]
    return Waterfall(
        phases=tuple(phases),
        events=tuple(round(100 * at / high, 2) for at in _some(events_s or ())),
        events_n=_whole(row.get("gap_n"), 1),
        longest_gap_s=get.get("gap_max_s"),
        ticks=tuple(zip(places, labels, strict=True)),
    )


def _some(events_s: Sequence[float]) -> Sequence[float]:
    step = len(events_s) / MOST_TICKS
    if step <= 1:
        return events_s
    return [events_s[int(n * step)] for n in range(MOST_TICKS)]


def _less(output: str | None, reasoning: str | None) -> int | None:
    if output is None:
        return None
    return int(float(output)) - int(float(reasoning or 0))


def _whole(cell: str | None, more: int) -> int | None:
    return None if cell is None else int(float(cell)) + more
