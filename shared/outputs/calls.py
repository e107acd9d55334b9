"""samples.csv read again, as the calls of each target: for comparisons.

Only some of its columns are read, piece by piece, and of texts a number is kept, so
that a million rows take some 450 MB at the most, and three seconds. What a slot came to
is its last attempt that was not turned away; its cost is that of all its attempts.
Warm-ups are left out, and so is what was never sent, or cut by the end of the run:
neither says anything of its target.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.comparison.calls import TargetCalls
from shared.errors import TooMuch
from shared.outputs.csv import unguarded
from shared.plan import Plan, steps
from shared.sample import Outcome

MOST_ROWS = 1_000_000
"""Of all runs of a comparison together."""
_CHUNK = 50_000
_WHOLE = ("step", "slot", "attempt", "prompt_index", "repetition")
_REAL = ("ttft_s", "latency_s", "tpot_s", "cost_usd", "output_tokens")
_LATER = ("upstream", "kind", "passed", "failed_check")
"""Texts that not every build has written."""
_TEXT = ("target", "prompt_sha256", "outcome", *_LATER)
_NO_CALL = (Outcome.CANCELLED, Outcome.DROPPED)

Within = tuple[str, str]
"""The first and the last moment of a part of a run, as `started_at` has them."""


@dataclass(frozen=True, slots=True)
class RunCalls:
    """The calls of a run that count."""

    targets: dict[str, TargetCalls]
    """By label."""
    upstreams: tuple[str, ...]
    prompts: frozenset[str]
    """SHA-256 of each prompt that was asked."""

    @property
    def calls(self) -> int:
        """Of all targets together."""
        return sum(map(len, self.targets.values()))


def read_calls(
    runs: Sequence[tuple[Plan, Path]], within: Within | None = None
) -> list[RunCalls]:
    """The calls of each samples.csv. Raises TooMuch, OSError, ValueError.

    Together, because prompts are the same where their texts are, in all of them.
    within: only those that began in this part of the run.
    """
    texts = Texts()
    tables, upstreams, left = [], [], MOST_ROWS
    for plan, path in runs:
        table = _table(path, left, texts, within)
        left -= len(table)
        names = texts.named(table["upstream"].unique())
        upstreams.append(tuple(sorted(map(unguarded, names))))
        tables.append(_placed(_slots(plan, table, texts)))
        del table
    keys = pd.concat([slots[["step", "prompt_sha256", "nth"]] for slots in tables])
    numbers = keys.groupby(["step", "prompt_sha256", "nth"]).ngroup().to_numpy()
    found, begin = [], 0
    for slots, asked in zip(tables, upstreams, strict=True):
        slots["key"] = numbers[begin : begin + len(slots)]
        begin += len(slots)
        targets = {
            unguarded(texts.named([label])[0]): _calls(slots[slots["target"] == label])
            for label in slots["target"].unique().tolist()
        }
        prompts = frozenset(texts.named(slots["prompt_sha256"].unique()))
        found.append(RunCalls(targets, asked, prompts))
    return found


class Texts:
    """Each text once, and a number for it; -1 where there is none."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text; a new one where it was not met."""
        return self._numbers.setdefault(text, len(self._numbers))

    def numbers(self, cells: "pd.Series[Any]") -> NDArray[np.int32]:
        """A column as numbers."""
        of = np.array([*map(self.number, map(str, cells.cat.categories)), -1], np.int32)
        found: NDArray[np.int32] = of[cells.cat.codes.to_numpy()]
        return found

    def named(self, numbers: Iterable[int]) -> list[str]:
        """The texts of some numbers, without what is none."""
        texts = list(self._numbers)
        return [texts[number] for number in numbers if number >= 0]


def _table(path: Path, most: int, texts: Texts, within: Within | None) -> pd.DataFrame:
    pieces: list[pd.DataFrame] = []
    for whole in _pieces(path, timed=within is not None):
        piece = whole if within is None else whole[_inside(whole, within)].copy()
        most -= len(piece)
        if most < 0:
            raise TooMuch(
                f"These benchmarks have more than {MOST_ROWS:,} rows together, which is"
                " more than is compared at once. Name fewer of them."
            )
        for name in _TEXT:
            piece[name] = texts.numbers(piece[name]) if name in piece else np.int32(-1)
        pieces.append(piece)
    return pd.concat(pieces, ignore_index=True)


def _inside(piece: pd.DataFrame, within: Within) -> NDArray[np.bool_]:
    """Which rows began in the part. `started_at` sorts as text, as it is written."""
    first, last = within
    began = piece["started_at"].fillna("")
    return ((began >= first) & (began <= last)).to_numpy(bool)


def _pieces(path: Path, *, timed: bool) -> Iterator[pd.DataFrame]:
    """Raises ValueError where a column is missing that every build has written."""
    types: dict[str, Any] = dict.fromkeys(_WHOLE, np.int32)
    types |= dict.fromkeys(_REAL, np.float64) | dict.fromkeys(_TEXT, "category")
    types |= {"started_at": "str"} if timed else {}
    with pd.read_csv(
        path,
        usecols=lambda name: name in types,
        dtype=types,
        chunksize=_CHUNK,
        keep_default_na=False,
        na_values=[""],
    ) as pieces:
        for piece in pieces:
            missing = types.keys() - set(piece.columns) - {*_LATER}
            if missing:
                raise ValueError(f"no column {sorted(missing)[0]}")
            yield piece


def _slots(plan: Plan, table: pd.DataFrame, texts: Texts) -> pd.DataFrame:
    """What each slot came to, in the order of the run, with what it cost in all."""
    warm = np.array([step.warmup for step in steps(plan)])
    rows = table[~warm[table["step"].to_numpy() % len(warm)]]
    rows = rows.sort_values(["step", "slot", "attempt"], kind="stable")
    rows["ok"] = (rows["outcome"] == texts.number(Outcome.OK)).to_numpy(bool)
    said = rows["passed"].to_numpy()
    true, false = texts.number("True"), texts.number("False")  # as pandas reads them
    rows["passed"] = np.select([said == true, said == false], [1.0, 0.0], np.nan)
    no_checks = (rows["failed_check"] < 0).to_numpy()
    # what has no checks need not pass any; what could not be decided is not shown good
    rows["good"] = rows["ok"].to_numpy() & ((said == true) | no_checks)
    usd = rows.groupby(["step", "slot"])["cost_usd"].transform("sum", min_count=1)
    rows["cost_usd"] = usd.where(~(rows["cost_usd"].isna() & rows["ok"]))
    rows = rows[(rows["kind"] != texts.number("again")).to_numpy()]
    last = ~rows.duplicated(["step", "slot"], keep="last")
    no_call = rows["outcome"].isin([texts.number(name) for name in _NO_CALL])
    return pd.DataFrame(rows[last & ~no_call])


def _placed(slots: pd.DataFrame) -> pd.DataFrame:
    """With which time its prompt is asked, and its place in the run."""
    slots["place"] = np.arange(len(slots), dtype=np.float64)
    # a text that stands twice in a plan is one prompt, which is asked twice as often
    ordered = slots.sort_values(["step", "repetition", "prompt_index"], kind="stable")
    slots["nth"] = ordered.groupby(["target", "step", "prompt_sha256"]).cumcount()
    return slots


def _calls(rows: pd.DataFrame) -> TargetCalls:
    real = {name: rows[name].to_numpy(np.float64) for name in _REAL}
    return TargetCalls(
        key=rows["key"].to_numpy(np.int64),
        prompt=rows["prompt_sha256"].to_numpy(np.int64),
        place=rows["place"].to_numpy(np.float64),
        ok=rows["ok"].to_numpy(bool),
        good=rows["good"].to_numpy(bool),
        passed=rows["passed"].to_numpy(np.float64),
        **real,
    )
