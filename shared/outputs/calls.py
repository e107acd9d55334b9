"""samples.csv read again, as the calls of each target: for comparisons.

Only some of its columns are read, piece by piece, so that a million rows take some
100 MB. What a slot came to is its last attempt that was not turned away; its cost is
that of all its attempts. Warm-ups are left out, and so is what was never sent, or cut
by the end of the run: neither says anything of its target.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern

import numpy as np
import pandas as pd

from shared.comparison.calls import Calls
from shared.errors import TooMuch
from shared.outputs.csv import unguarded
from shared.plan import Plan, steps
from shared.sample import Outcome

MOST_ROWS = 2_000_000
"""Of all runs of a comparison together."""
_CHUNK = 100_000
_WHOLE = ("step", "slot", "attempt", "prompt_index", "repetition")
_REAL = ("ttft_s", "latency_s", "tpot_s", "cost_usd", "output_tokens")
_TEXT = ("target", "upstream", "prompt_sha256", "outcome", "kind")
_NO_CALL = (Outcome.CANCELLED, Outcome.DROPPED)


@dataclass(frozen=True, slots=True)
class RunCalls:
    """The calls of a run that count."""

    targets: dict[str, Calls]
    """By label."""
    upstreams: tuple[str, ...]
    prompts: frozenset[str]
    """SHA-256 of each prompt that was asked."""

    @property
    def calls(self) -> int:
        """Of all targets together."""
        return sum(map(len, self.targets.values()))


def read_calls(runs: Sequence[tuple[Plan, Path]]) -> list[RunCalls]:
    """The calls of each samples.csv. Raises TooMuch, OSError, ValueError.

    Together, because prompts are the same where their texts are, in all of them.
    """
    tables, left = [], MOST_ROWS
    for _, path in runs:
        table = _table(path, left)
        left -= len(table)
        tables.append(table)
    texts = pd.unique(pd.concat([table["prompt_sha256"] for table in tables]))
    code = {text: number for number, text in enumerate(texts)}
    found = []
    keyed = [
        _placed(_slots(plan, table), code)
        for (plan, _), table in zip(runs, tables, strict=True)
    ]
    keys = pd.concat([slots[["step", "prompt", "nth"]] for slots in keyed])
    numbers = keys.groupby(["step", "prompt", "nth"]).ngroup().to_numpy()
    begin = 0
    for table, slots in zip(tables, keyed, strict=True):
        slots = slots.assign(key=numbers[begin : begin + len(slots)])
        begin += len(slots)
        targets = {
            unguarded(str(label)): _calls(rows)
            for label, rows in slots.groupby("target", sort=False)
        }
        upstreams = tuple(sorted(map(unguarded, table["upstream"].dropna().unique())))
        found.append(RunCalls(targets, upstreams, frozenset(slots["prompt_sha256"])))
    return found


def _table(path: Path, most: int) -> pd.DataFrame:
    known = {*_WHOLE, *_REAL, *_TEXT}
    pieces: list[pd.DataFrame] = []
    for piece in _pieces(path, known):
        most -= len(piece)
        if most < 0:
            raise TooMuch(
                f"These benchmarks have more than {MOST_ROWS:,} rows together, which is"
                " more than is compared at once. Name fewer of them."
            )
        pieces.append(piece)
    whole = pd.concat(pieces, ignore_index=True)
    missing = known - set(whole.columns)
    for name in missing - {"upstream", "kind"}:  # an earlier build did not have these
        raise ValueError(f"no column {name}")
    return whole.assign(**dict.fromkeys(missing))


def _pieces(path: Path, known: set[str]) -> Iterator[pd.DataFrame]:
    types: dict[str, type[np.generic] | str] = dict.fromkeys(_WHOLE, np.int64)
    types |= dict.fromkeys(_REAL, np.float64)
    with pd.read_csv(
        path,
        usecols=lambda name: name in known,
        dtype=types | dict.fromkeys(_TEXT, "object"),
        chunksize=_CHUNK,
        keep_default_na=False,
        na_values=[""],
    ) as pieces:
        for piece in pieces:
            # each text is held once
            yield piece.assign(**{n: piece[n].map(_once) for n in _TEXT if n in piece})


def _once(text: object) -> object:
    return intern(text) if isinstance(text, str) else None


def _slots(plan: Plan, table: pd.DataFrame) -> pd.DataFrame:
    """What each slot came to, in the order of the run, with what it cost in all."""
    warm = np.array([step.warmup for step in steps(plan)])
    rows = table[~warm[table["step"].to_numpy() % len(warm)]]
    rows = rows.sort_values(["step", "slot", "attempt"], kind="stable")
    usd = rows.groupby(["step", "slot"])["cost_usd"].transform("sum", min_count=1)
    silent = rows["cost_usd"].isna() & (rows["outcome"] == Outcome.OK)
    rows = rows.assign(cost_usd=usd.where(~silent))
    rows = rows[(rows["kind"] != "again").to_numpy()]
    last = ~rows.duplicated(["step", "slot"], keep="last")
    return pd.DataFrame(rows[last & ~rows["outcome"].isin(_NO_CALL)])


def _placed(slots: pd.DataFrame, code: dict[str, int]) -> pd.DataFrame:
    """With the code of the prompt, which time it is asked, and the place in the run."""
    prompt = slots["prompt_sha256"].map(code)
    slots = slots.assign(prompt=prompt, place=np.arange(len(slots), dtype=np.float64))
    # a text that stands twice in a plan is one prompt, which is asked twice as often
    ordered = slots.sort_values(["step", "repetition", "prompt_index"], kind="stable")
    nth = ordered.groupby(["target", "step", "prompt"]).cumcount()
    return slots.assign(nth=nth)


def _calls(rows: pd.DataFrame) -> Calls:
    real = {name: rows[name].to_numpy(np.float64) for name in _REAL}
    return Calls(
        key=rows["key"].to_numpy(np.int64),
        prompt=rows["prompt"].to_numpy(np.int64),
        place=rows["place"].to_numpy(np.float64),
        ok=(rows["outcome"] == Outcome.OK).to_numpy(bool),
        **real,
    )
