"""Answers beside each other, and one call by itself, out of the files of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from api.page_data import call_id, index
from api.pages.ended.asked import Choices
from api.pages.figures import Waterfall, waterfall
from shared.outputs.table import all_columns

PROMPTS = 8
"""On one page of the matrix; a search that finds many may show up to twice as many."""
_MOST_LOOKED = 2_000
"""Prompts that one search looks through."""
_TEXT = 600
"""Characters of a cell; one call shows all that is kept."""


@dataclass(frozen=True, slots=True)
class AnswerCell:
    """One call in the matrix."""

    call: str
    ok: bool
    outcome: str
    text: str | None
    """None: no answer of it is kept."""
    error: str | None
    row: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt, and what each target made of it."""

    prompt: int
    text: str
    cells: tuple[AnswerCell | None, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A page of it."""

    lines: tuple[PromptLine, ...]
    of: int
    """Prompts that the choice has, before the search."""
    repetitions: int
    more: int | None
    """The page after this one."""


@dataclass(frozen=True, slots=True)
class OneCall:
    """One call: its row, its answer, its phases."""

    call: str
    row: Mapping[str, str | None]
    answer: Mapping[str, Any] | None
    fall: Waterfall
    attempts: int


class Answers:
    """The calls of one run, by the index that its page data came with. Raises OSError
    or ValueError where that is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = index.read_index(folder)

    def matrix(self, asked: Choices, targets: int) -> Matrix:
        """The prompts that are asked for."""
        rows = self._rows
        there = ~rows["again"]
        if asked.show != "failures":  # of these any repetition is wanted
            there &= rows["repetition"] == asked.rep
        last = np.flatnonzero(there)
        kept: dict[int, dict[int, int]] = {}
        prompts = rows["prompt"][last]
        wanted = np.unique(prompts)
        if asked.show == "failures":
            wanted = np.unique(prompts[~rows["ok"][last]])
        elif asked.show == "different":
            wanted = self._different(last)
        begin = asked.page * PROMPTS
        few = wanted[begin : begin + (_MOST_LOOKED if asked.q else PROMPTS)]
        chosen = np.isin(prompts, few)
        for place in last[chosen].tolist():
            of_prompt = kept.setdefault(int(rows["prompt"][place]), {})
            target = int(rows["target"][place])
            before = of_prompt.get(target)
            if asked.show == "failures" and before is not None:
                same = rows["slot"][before] == rows["slot"][place]
                if not same and not rows["ok"][before]:
                    continue  # the first failure is it, else the last attempt
            of_prompt[target] = place
        lines, looked = [], 0
        for prompt in few.tolist():
            looked += 1
            line = self._line(prompt, kept[prompt], targets, asked.q.casefold())
            if line is not None:
                lines.append(line)
            if len(lines) >= PROMPTS and looked % PROMPTS == 0:
                break  # the next page begins at a whole one
        ends = begin + looked
        more = None if ends >= len(wanted) else -(-ends // PROMPTS)
        repetitions = int(rows["repetition"].max(initial=0)) + 1
        return Matrix(tuple(lines), len(wanted), repetitions, more)

    def _different(self, last: Any) -> Any:
        """Prompts of which the kept answers are not all one text."""
        rows = self._rows
        there = last[rows["ok"][last] & (rows["answer_at"][last] >= 0)]
        pairs = np.unique(
            np.stack((rows["prompt"][there].astype(np.uint64), rows["digest"][there])),
            axis=1,
        )
        prompts, texts = np.unique(pairs[0], return_counts=True)
        return prompts[texts > 1].astype(np.int64)

    def _line(
        self, prompt: int, places: dict[int, int], targets: int, wanted: str
    ) -> PromptLine | None:
        """None where the text that is searched is in none of it."""
        asked_text, cells = "", list[AnswerCell | None]([None] * targets)
        found = not wanted
        for target, place in places.items():
            answer = index.answer_at(self._folder, self._rows, place)
            if answer is not None:
                asked_text = asked_text or prompt_text(answer)
                found = found or wanted in answer["text"].casefold()
            if not 0 <= target < targets:
                continue
            row = index.row_at(self._folder, self._rows, place)
            text = None if answer is None else answer["text"][:_TEXT]
            cells[target] = AnswerCell(
                call=self._name(place),
                ok=bool(self._rows["ok"][place]),
                outcome=row.get("outcome", ""),
                text=text,
                error=row.get("error"),
                row=_full(row),
            )
        if not found and wanted not in asked_text.casefold():
            return None
        return PromptLine(prompt, asked_text[:_TEXT], tuple(cells))

    def call(self, name: str, long_s: float = 0.0) -> OneCall | None:
        """None where there is no such call."""
        step, _, slot = name.partition(".")
        places = index.find(self._rows, int(step), int(slot))
        if not places:
            return None
        row = index.row_at(self._folder, self._rows, places[-1])
        answer = index.answer_at(self._folder, self._rows, places[-1])
        events = answer.get("token_events_s") if answer else None
        fall = waterfall(row, events, long_s)
        return OneCall(name, _full(row), answer, fall, len(places))

    def first(self) -> str | None:
        """A call to begin with: the first that succeeded."""
        good = np.flatnonzero(self._rows["ok"])
        place = int(good[0]) if len(good) else (0 if len(self._rows) else None)
        return None if place is None else self._name(place)

    def _name(self, place: int) -> str:
        return call_id(int(self._rows["step"][place]), int(self._rows["slot"][place]))


def _full(row: Mapping[str, str]) -> dict[str, str | None]:
    """With the columns that are not known."""
    return {**dict.fromkeys(all_columns()), **row}


def prompt_text(answer: Mapping[str, Any]) -> str:
    """What was asked: the prompt, or the last thing a user said."""
    if answer.get("prompt"):
        return str(answer["prompt"])
    return next(_said(answer.get("messages") or ()), "")


def _said(messages: Any) -> Iterator[str]:
    for message in reversed(messages):
        content = message.get("content")
        if isinstance(content, str) and message.get("role") == "user":
            yield content
