"""A plan beside the run that it will be compared with, before it costs anything."""

import asyncio

from api.baselines.known import run_of
from api.baselines.plans import in_words, of_plans, prompts_of
from api.parts import Parts, Store
from shared import archive
from shared.errors import Incomparable
from shared.plan import Plan


async def check_against(parts: Parts, store: Store, plan: Plan, said: str) -> str:
    """The id of the run that `said` stands for (a baseline, or an id), once it is known
    that the plan can be compared with it.

    Raises Incomparable with what differs, NoSuchRun, NewerRecord, Unreadable, and
    Problem.
    """
    job_id = await run_of(parts, store, said)
    folder = parts.settings.results_dir
    theirs = await asyncio.to_thread(archive.plan_of, folder, job_id)
    await asyncio.to_thread(_check, plan, theirs, job_id)
    return job_id


def _check(plan: Plan, theirs: Plan, job_id: str) -> None:
    plans = (plan, theirs)
    wrong = in_words([*of_plans(plans, lambda place: prompts_of(plans[place]))])
    if wrong:
        raise Incomparable(
            f"This plan does not ask for the work of benchmark {job_id} ({wrong}: the"
            " plan's and that one's), so a difference would not tell what made it."
            " Nothing was begun. Ask for the same, or name another to compare with."
        )
    ours, old = ({target.label() for target in each.targets} for each in plans)
    if not ours & old and not len(ours) == len(old) == 1:
        raise Incomparable(
            f"This plan has no target in common with benchmark {job_id}"
            f" ({', '.join(sorted(ours))} and {', '.join(sorted(old))}), and not one"
            " each. Nothing was begun."
        )
