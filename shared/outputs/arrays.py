"""samples.csv read again, as arrays: one element for what each slot came to.

For pages, which show calls and compute nothing that a summary has. Rows of warm-ups are
left out, and attempts that were tried again: docs/metrics.md says which row counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.outputs.csv import unguarded
from shared.plan import Plan, steps
from shared.sample import Outcome

_CHUNK = 50_000
_WHOLE = (
    *("step", "slot", "attempt", "segment", "prompt_index", "repetition"),
    "output_tokens",
)
_REAL = ("ttft_s", "latency_s", "tpot_s", "cost_usd")
_TEXT = ("target", "provider", "outcome", "error", "kind")
_NEEDED = ("step", "slot", "target", "outcome")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CallRows:
    """The calls that count, in the order of step and slot. NaN and -1 are unknown."""

    whole: dict[str, Ints]
    """step, slot, attempt, segment, prompt_index, repetition, output_tokens."""
    real: dict[str, Floats]
    """ttft_s, latency_s, tpot_s, cost_usd (of this attempt)."""
    text: dict[str, tuple[Ints, list[str]]]
    """target, provider, outcome, error: the code of each call, and the texts."""
    started_s: Floats
    """Unix seconds; NaN of what was never sent."""

    def __len__(self) -> int:
        return len(self.started_s)

    def said(self, name: str, text: str) -> Mask:
        """Which calls have this text."""
        codes, texts = self.text[name]
        found: Mask = codes == (texts.index(text) if text in texts else -2)
        return found

    @property
    def ok(self) -> Mask:
        """Those that succeeded."""
        return self.said("outcome", Outcome.OK)

    def where(self, mask: Mask) -> "CallRows":
        """Some of them."""
        return CallRows(
            {name: values[mask] for name, values in self.whole.items()},
            {name: values[mask] for name, values in self.real.items()},
            {name: (codes[mask], texts) for name, (codes, texts) in self.text.items()},
            self.started_s[mask],
        )


def read_rows(plan: Plan, path: Path) -> CallRows:
    """The calls of a samples.csv. Raises OSError, ValueError."""
    texts: dict[str, dict[str, int]] = {name: {} for name in _TEXT}
    pieces: dict[str, list[NDArray[Any]]] = {}
    for piece in _pieces(path):
        for name, values in _arrays(piece, texts).items():
            pieces.setdefault(name, []).append(values)
    found = {name: np.concatenate(arrays) for name, arrays in pieces.items()}
    places = _counted(plan, found, texts["kind"].get("again", -2))
    return CallRows(
        {name: found[name][places] for name in _WHOLE},
        {name: found[name][places] for name in _REAL},
        {name: (found[name][places], list(texts[name])) for name in _TEXT[:-1]},
        found["started_at"][places],
    )


def _counted(plan: Plan, found: dict[str, NDArray[Any]], again: int) -> Ints:
    """The places of what each slot came to, by step and slot."""
    warm = np.array([step.warmup for step in steps(plan)])
    kept = np.flatnonzero(
        ~warm[found["step"] % len(warm)] & (found["kind"] != again)
    ).astype(np.int64)
    order = kept[
        np.lexsort([found[name][kept] for name in ("attempt", "slot", "step")])
    ]
    step, slot = found["step"][order], found["slot"][order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (step[1:] != step[:-1]) | (slot[1:] != slot[:-1])
    return order[last]


def _arrays(
    piece: pd.DataFrame, texts: dict[str, dict[str, int]]
) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    nothing = np.full(len(piece), np.nan)
    for name in (*_WHOLE, *_REAL):
        found[name] = piece[name].to_numpy(np.float64) if name in piece else nothing
    for name in _WHOLE:
        found[name] = np.nan_to_num(found[name], nan=-1).astype(np.int64)
    for name in _TEXT:
        codes = np.full(len(piece), -1, np.int64)
        if name in piece:
            known, cells = texts[name], piece[name].cat
            names = [unguarded(str(text)) for text in cells.categories]
            of = [known.setdefault(text, len(known)) for text in names]
            codes = np.array([*of, -1], np.int64)[cells.codes.to_numpy()]
        found[name] = codes
    found["started_at"] = _unix_s(piece) if "started_at" in piece else nothing
    return found


def _unix_s(piece: pd.DataFrame) -> Floats:
    at = pd.to_datetime(piece["started_at"], utc=True).dt.tz_localize(None)
    known = at.notna().to_numpy()
    found = np.full(len(piece), np.nan)
    found[known] = at[known].to_numpy("datetime64[ms]").astype(np.int64) / 1000
    return found


def _pieces(path: Path) -> Iterator[pd.DataFrame]:
    """Raises ValueError where a column is missing that every build has written."""
    types: dict[str, Any] = dict.fromkeys((*_WHOLE, *_REAL), np.float64)
    types |= dict.fromkeys(_TEXT, "category") | {"started_at": "str"}
    with pd.read_csv(
        path,
        usecols=lambda name: name in types,
        dtype=types,
        chunksize=_CHUNK,
        keep_default_na=False,
        na_values=[""],
    ) as pieces:
        for piece in pieces:
            missing = [name for name in _NEEDED if name not in piece]
            if missing:
                raise ValueError(f"no column {missing[0]}")
            yield piece
