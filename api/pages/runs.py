"""The list of runs: the first page, and what there is to begin with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response

from api.deps import PartsDep
from api.pages.headlines import Headline, KeptHeadlines, of_live, of_result
from api.pages.shell import BrowserRouter, page
from api.parts import Filter, Store, search
from shared.errors import BenchError, NoSuchRun
from shared.recipes import NAMES, question_of
from shared.run import Run, Status, is_job_id
from shared.store.client import now_s

router = BrowserRouter(include_in_schema=False)

LINES = 50
_CHOICES = 200
"""Tags and targets to choose from are those of so many of the newest runs."""

_GOING = (
    *(Status.RUNNING, Status.WAITING, Status.QUEUED),
    *(Status.PAUSED, Status.REDUCING),
)
STATES: dict[str, tuple[str, tuple[Status, ...]]] = {
    "": ("All", ()),
    "going": ("Going on", _GOING),
    "done": ("Done", (Status.DONE,)),
    "failed": ("Failed", (Status.FAILED, Status.CANCELLED)),
}
"""What `state` may say in the address: its name, and the states that it takes."""

_headlines = KeptHeadlines()

_MOST_VERDICTS = 300
"""Runs of which one request reads the verdict; the next page goes on behind them."""

VERDICTS = ("valid", "suspect", "invalid")

RECIPES = [(name, question_of(name)) for name in NAMES]
"""What there is to begin with, where nothing was measured yet."""

Said = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run as the list shows it."""

    run: Run
    headline: Headline

    @property
    def name(self) -> str:
        """For people: its name, or the end of its id."""
        return self.run.about.name or f"Run {self.run.job_id[-6:]}"

    @property
    def going(self) -> bool:
        """Whether more will come."""
        return not self.run.status.terminal

    @property
    def share(self) -> float | None:
        """Of its calls, those that have ended; None: their number is not known."""
        total = self.run.total
        return min(1.0, self.run.closed / total) if total else None

    @property
    def targets(self) -> str:
        """Their names without authors, which say little in a list."""
        short = [label.rpartition("/")[2] for label in self.run.targets]
        several = f"{len(short)} targets: " if len(short) > 3 else ""
        return several + ", ".join(short)

    @property
    def why(self) -> str | None:
        """How it ended, where that is not the ordinary way; or what it waits for."""
        run = self.run
        if run.status is Status.WAITING:
            return run.shut or (run.down and f"the upstream is down: {run.down}")
        if run.ending in (None, "completed", "cancelled"):
            return None
        return str(run.ending)


@router.get("/")
async def runs(
    request: Request,
    parts: PartsDep,
    text: Said = "",
    state: Literal["", "going", "done", "failed"] = "",
    target: Said = "",
    tag: Said = "",
    verdict: Literal["", "valid", "suspect", "invalid"] = "",
    before: Said = "",
) -> Response:
    """Newest first, fifty at a time; what is asked for stands in the address."""
    if parts.store is None:
        return page(request, "runs.html", **_nothing("no store"))
    if before and not is_job_id(before):
        raise NoSuchRun(repr(before[:40]))
    wanted = Filter(
        tags=(tag,) if tag else (),
        models=(target,) if target else (),
        statuses=STATES[state][1],
        text=text or None,
    )
    store = parts.store
    async with store.access.deadline():
        lines, last = await _lines(store, wanted, verdict, before or None)
        choices = await store.views.page(_CHOICES, None)
        total = len(await store.views.ids(""))
        now = await now_s(store.redis)
    asked = {"text": text, "state": state, "target": target}
    asked |= {"verdict": verdict, "tag": tag}
    kept = {name: said for name, said in asked.items() if said}
    return page(
        request,
        "runs.html",
        lines=lines,
        now=now,
        asked=asked,
        states=STATES,
        verdicts=VERDICTS,
        older=None if last is None else f"/?{urlencode({**kept, 'before': last})}",
        newest=f"/?{urlencode(kept)}" if before else None,
        total=total,
        going=sum(not run.status.terminal for run in choices),
        is_empty=not choices,
        recipes=RECIPES,
        why_empty=None,
        **_choices(choices, target, tag),
    )


def _nothing(why: str) -> dict[str, Any]:
    return {
        "lines": [],
        "now": 0.0,
        "asked": dict.fromkeys(("text", "state", "target", "verdict", "tag"), ""),
        "states": STATES,
        "verdicts": VERDICTS,
        "older": None,
        "newest": None,
        "total": 0,
        "going": 0,
        "is_empty": True,
        "recipes": RECIPES,
        "why_empty": why,
        "targets": [],
        "tags": [],
    }


def _choices(runs: Sequence[Run], target: str, tag: str) -> dict[str, Any]:
    targets = {label for run in runs for label in run.targets} | {target}
    tags = {each for run in runs for each in run.about.tags} | {tag}
    return {"targets": sorted(targets - {""}), "tags": sorted(tags - {""})}


async def _lines(
    store: Store, wanted: Filter, verdict: str, before: str | None
) -> tuple[list[ListedRun], str | None]:
    """Up to `LINES` runs, and the run before which to go on, or None at the end.

    A verdict stands in the result, which is read of one run after another: of so many,
    and not of all that there are.
    """
    lines, looked = list[ListedRun](), 0
    while True:
        found, before = await search(store.views.page, wanted, LINES, before)
        looked += len(found)
        for number, run in enumerate(found, 1):
            if verdict and not run.status.terminal:
                continue
            line = ListedRun(run, await _headline(store, run))
            if not verdict or line.headline.verdict == verdict:
                lines.append(line)
            if len(lines) == LINES and (before or number < len(found)):
                return lines, run.job_id
        if not verdict or before is None or looked >= _MOST_VERDICTS:
            return lines, before


async def _headline(store: Store, run: Run) -> Headline:
    if not run.status.terminal:
        if not run.closed and not run.failed:
            return Headline(so_far=True)
        rows = await store.views.newest_rows(run)
        share = min(1.0, run.closed / run.total) if run.total else 1.0
        return of_live(await store.views.live(run), rows, share)
    kept = _headlines.get(run.job_id)
    if kept is not None:
        return kept
    try:
        result = await store.views.result(run.job_id)
    except BenchError:  # it cannot be read; its own page says why
        result = {}
    return _headlines.put(run.job_id, of_result(result))
