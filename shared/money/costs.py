"""What each call of a run may cost at the most."""

from collections.abc import Sequence
from functools import lru_cache

from shared.money.budget import Budget
from shared.money.prices import Price, most_prompt_tokens
from shared.plan import Plan, Work


class Costs:
    """The worst cost of every question of a plan, worked out when it is first asked."""

    def __init__(
        self, plan: Plan, prices: Sequence[Price | None], budget: Budget
    ) -> None:
        """prices: of each target; None where it is unknown, and the plan accepts that:
        such calls are not held and not limited."""
        self.budget = budget
        self._plan = plan
        self._prices = prices
        self._worst = lru_cache(maxsize=65_536)(self._work_out)

    def has_price(self, target: int) -> bool:
        """Whether calls of this target cost something that is known."""
        price = self._prices[target]
        return price is not None and not price.free

    def worst_nano(self, asked: Work) -> int:
        """What the call costs at the most, in nano-USD."""
        return self._worst(asked.target, asked.prompt)

    def _work_out(self, target: int, index: int) -> int:
        price = self._prices[target]
        if price is None or price.free:
            return 0
        plan, asked = self._plan, self._plan.targets[target]
        prompt = plan.prompts.prompt(index)
        turns = prompt.turns(plan.system_prompt)
        tokens = most_prompt_tokens(turns, prefixed=plan.is_prefixed(asked))
        most = plan.most_tokens(asked, prompt)
        return price.worst_nano(tokens, most)

    def least_nano(self, target: int) -> int:
        """The worst cost of the cheapest question that the target is asked."""
        prompts = range(self._plan.prompts.count())
        return min(self._work_out(target, index) for index in prompts)
