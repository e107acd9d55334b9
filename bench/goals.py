"""What is asked of each number: (must, aim), in the unit of its line."""

_TTFT_P50 = (0.3, 0.1)
_TTFT_P99 = (2.0, 0.3)
_TTFT_P99_HARD = (5.0, 1.0)
"""Or the verdict says `invalid`."""
_GAP = (3.0, 0.5)
_MEMORY = (200, 150)

GOALS: dict[str, tuple[float, float]] = {
    "requests 64": (8_000, 25_000),
    "requests 256": (8_000, 25_000),
    "events 64": (80_000, 190_000),
    "ttft p50 200 staggered": _TTFT_P50,
    "ttft p99 200 staggered": _TTFT_P99,
    "gap p99 200 staggered": _GAP,
    "ttft p50 500 staggered": _TTFT_P50,
    "ttft p99 500 staggered": _TTFT_P99,
    "gap p99 500 staggered": _GAP,
    "ttft p99 200 lockstep": _TTFT_P99_HARD,
    "gap p99 200 lockstep": _GAP,
    "ttft p99 500 lockstep": _TTFT_P99_HARD,
    "gap p99 500 lockstep": _GAP,
    "ttft p99 1000 staggered": _TTFT_P99_HARD,
    "gap p99 1000 staggered": _GAP,
    "memory staggered": _MEMORY,
    "memory lockstep": _MEMORY,
    "ttft p99 tls": (2.0, 0.5),
    "late p99": (3.0, 0.3),
    "rows s": (60, 15),
    "rows mb": (1_536, 819),
    "first request": (1.5, 0.5),
    "generate requests": (600, 1_500),
    "generate events": (20_000, 60_000),
    "generate added": (3.0, 1.5),
}
