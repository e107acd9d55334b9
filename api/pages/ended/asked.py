"""What the address of a run's page says: everything that can be chosen on it, so that
a link shows what its sender saw."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from api.errors import invalid
from api.page_data.records import Metric

Show = Literal["all", "failures", "different"]
_NAMES = {"from_s": "from", "to_s": "to"}


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of a page; None and 0 are its own."""

    job_id: str = ""
    from_s: float | None = None
    to_s: float | None = None
    spread: Metric | None = None
    a: int | None = None
    b: int | None = None
    pair: Metric | None = None
    show: Show = "all"
    q: str = ""
    page: int = 0
    rep: int = 0
    call: str | None = None
    beside: str | None = None
    """A second call, laid beside the first."""

    @property
    def part(self) -> tuple[float, float] | None:
        """The part of the run that is looked at; None: all of it."""
        if self.from_s is None or self.to_s is None:
            return None
        return self.from_s, self.to_s

    def link(self, anchor: str = "", **changes: Any) -> str:
        """The address of the same page with some choices changed."""
        new, plain = replace(self, **changes), Choices()
        said = {
            _NAMES.get(name, name): getattr(new, name)
            for name in self.__dataclass_fields__
            if name != "job_id" and getattr(new, name) != getattr(plain, name)
        }
        query = f"?{urlencode(said)}" if said else ""
        return f"/runs/{self.job_id}{query}{'#' if anchor else ''}{anchor}"

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """The choices that a form keeps as they are."""
        plain = Choices()
        return [
            (_NAMES.get(name, name), str(getattr(self, name)))
            for name in self.__dataclass_fields__
            if name not in ("job_id", *without)
            and getattr(self, name) != getattr(plain, name)
        ]


_Call = Annotated[str | None, Query(pattern=r"^\d{1,9}\.\d{1,9}$")]
_Second = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False)]


async def _asked(
    from_s: Annotated[_Second, Query(alias="from")] = None,
    to_s: Annotated[_Second, Query(alias="to")] = None,
    spread: Metric | None = None,
    a: Annotated[int | None, Query(ge=0, le=10_000)] = None,
    b: Annotated[int | None, Query(ge=0, le=10_000)] = None,
    pair: Metric | None = None,
    show: Show = "all",
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    rep: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    call: _Call = None,
    beside: _Call = None,
) -> Choices:
    if (from_s is None) is not (to_s is None) or (
        from_s is not None and to_s is not None and from_s >= to_s
    ):
        raise invalid([("from", "Give both ends of the part, `from` before `to`.")])
    return Choices(
        "", from_s, to_s, spread, a, b, pair, show, q, page, rep, call, beside
    )


ChoicesDep = Annotated[Choices, Depends(_asked)]
