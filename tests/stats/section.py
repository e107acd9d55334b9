"""A table of the docs, with what failed in it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Section:
    """One table of the docs: its lines, and what breaks a gate."""

    name: str
    says: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def gate(self, what: str, value: float, low: float, high: float) -> None:
        """A figure that has to lie between two."""
        if not low <= value <= high:
            self.broken.append(
                f"{what}: {percent(value)}, not {percent(low)} to {percent(high)}"
            )

    def table(self) -> str:
        """As Markdown."""
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        said = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        return f"{self.says}\n\n{said}"


def percent(share: float | None) -> str:
    """As people read it.

    >>> percent(0.0526)
    '5.3 %'
    """
    return "not said" if share is None else f"{100 * share:.1f} %"


def span(shares: list[float]) -> str:
    """From the least to the largest.

    >>> span([0.05, 0.04])
    '4.0 to 5.0 %'
    """
    if not shares:
        return "not said"
    low, high = (f"{100 * end:.1f}" for end in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low} to {high} %"
