"""The figures of a summary as a table: a row for each target, a unit in each name."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

_PERCENTILES = ("p50", "p90", "p95", "p99")
_SAID_ELSEWHERE = ("avg", "min", "max", "std_dev")
"""The first form's names for figures of `latency`."""


def targets_of(summary: dict[str, Any]) -> pd.DataFrame:
    """`target` and `model`, then

        latency_mean_s, latency_p50_s, latency_p50_low_s, latency_p50_high_s ...
            of each distribution, in seconds. A percentile is missing where too few
            calls support it
        counts_ok, tokens_output, cost_billed_usd, throughput_requests_per_s ...
            every other number, under the path of its names

    docs/metrics.md has the formula of each.
    """
    rows = [dict(_figures(target)) for target in summary.get("targets", ())]
    table = pd.DataFrame(rows, columns=None if rows else ["target", "model"])
    for name in table.columns[2:]:
        table[name] = pd.to_numeric(table[name])  # None is missing, not an object
    return table


def _figures(target: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "target", target["target"]
    yield "model", target["model"]
    for name, figure in target.items():
        if isinstance(figure, dict):
            yield from _spread(name, figure) if "p50" in figure else _flat(name, figure)
        elif _is_number(figure) and name not in _SAID_ELSEWHERE:
            yield name, figure


def _spread(name: str, figure: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for part, value in figure.items():
        if part in ("n", "calls", "failures"):
            yield f"{name}_{part}", value
        elif part in _PERCENTILES:
            known = value if value["supported"] else {}
            yield f"{name}_{part}_s", known.get("point")
            yield f"{name}_{part}_low_s", known.get("low")
            yield f"{name}_{part}_high_s", known.get("high")
        else:
            yield f"{name}_{part}_s", value


def _flat(name: str, figure: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for part, value in figure.items():
        if _is_number(value):
            yield f"{name}_{part}", value


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float)
