"""Failures so far, grouped by outcome and, ids and numbers masked, by message. Pure."""

from dataclasses import dataclass, field

from api.page_data.masks import MOST_GROUPS, OTHER, masked

_EXAMPLES = 3
_CHARACTERS = 200


@dataclass(slots=True)
class FailingGroup:
    """Failures of one kind."""

    outcome: str
    message: str | None
    calls: int = 0
    targets: set[int] = field(default_factory=set)
    providers: set[str] = field(default_factory=set)
    examples: list[tuple[str, str]] = field(default_factory=list)
    """The call and its own words, of the first that say something else."""


class FailingGroups:
    """At most MOST_GROUPS groups, those that were met first; all others are one."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str | None], FailingGroup] = {}
        self.calls = 0

    def add(
        self,
        outcome: str,
        error: str | None,
        target: int,
        provider: str | None,
        call: str,
    ) -> None:
        """One call that failed."""
        message = None if error is None else masked(error)
        if (outcome, message) not in self._groups and len(self._groups) >= MOST_GROUPS:
            outcome, message = OTHER, None
        group = self._groups.setdefault(
            (outcome, message), FailingGroup(outcome, message)
        )
        self.calls += 1
        group.calls += 1
        group.targets.add(target)
        if provider is not None and len(group.providers) < _EXAMPLES:
            group.providers.add(provider)
        words = (error or "")[:_CHARACTERS]
        known = any(words == other for _, other in group.examples)
        if len(group.examples) < _EXAMPLES and not known:
            group.examples.append((call, words))

    def ranked(self) -> list[FailingGroup]:
        """The commonest first."""
        return sorted(
            self._groups.values(),
            key=lambda g: (-g.calls, g.outcome, g.message or ""),
        )
