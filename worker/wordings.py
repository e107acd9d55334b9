"""How a shard's targets are asked: what was learnt of them before, and what is learnt
while they are asked.

A model that refuses `max_tokens` refuses each call that has it. The first such refusal
is a row like another, and its slot is offered again and asked otherwise, as are those
of the calls that were open with it.
"""

import logging

from shared.answer import Reply
from shared.answer.wording import USUAL, Wording, choice_of
from shared.plan import Plan
from shared.settings import Settings

log = logging.getLogger("worker.wordings")


class Wordings:
    """Of one shard; `known` is the process's, and grows."""

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        known: dict[str, Wording],
        *,
        bounded: bool,
    ) -> None:
        """known: by model. bounded: a budget needs a bound of each answer."""
        self._plan = plan
        self._choice = choice_of(plan, settings, bounded=bounded)
        self._known = known
        self.learnt: dict[str, Wording] = {}
        """What this shard has learnt, by model."""

    def of(self, target: int) -> Wording:
        """How it is asked now."""
        model = self._plan.targets[target].model
        return self._choice.of(self._known.get(model, USUAL))

    def learn(self, target: int, asked: Wording, reply: Reply) -> bool:
        """Whether a call that was worded as `asked` was refused for that, so that its
        slot is to be asked again, otherwise."""
        better = self._choice.learnt_of(asked, reply)
        if better is None:
            return False
        if self.of(target) == asked:  # else another call has told us before
            model = self._plan.targets[target].model
            self._known[model] = self.learnt[model] = better
            log.info("%s is asked %s from now on", model, better.words())
        return True

    def words(self) -> list[str]:
        """Each target that refuses the usual request, and how it is asked."""
        each = (
            (target.label(), self._choice.because(self._known.get(target.model, USUAL)))
            for target in self._plan.targets
        )
        return [f"{label} was asked {words}" for label, words in each if words]
