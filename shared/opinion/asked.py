"""About which answers which judges are asked, and how."""

from hashlib import sha256
from typing import NamedTuple

from shared.checks import SYSTEM, USER, Check, CheckKind, Judge
from shared.plan import Message, Plan, Target, Work, steps
from shared.plan.prompts import InlinePrompts, Prompt
from shared.sample import Sample

_CODE_DIGITS = 16
MARKUP_BYTES = len(SYSTEM.encode()) + len(USER.encode()) + 4 * _CODE_DIGITS
"""Of what every judge is sent, beside rubric, question and answer."""


class Judgeable(NamedTuple):
    """A slot whose answer judges are asked about."""

    step: int
    slot: int
    attempt: int
    """The one that was answered."""
    work: Work


def judges_of(plan: Plan, prompt: int) -> tuple[Judge, ...]:
    """The judges of answers to this prompt, in their order."""
    if not plan.has_checks:
        return ()
    return tuple(each for each in plan.checks_of(prompt) if isinstance(each, Judge))


def quick_checks_of(plan: Plan, prompt: int) -> tuple[CheckKind, ...]:
    """The checks that a program decides, at once."""
    if not plan.has_checks:
        return ()
    return tuple(each for each in plan.checks_of(prompt) if not isinstance(each, Judge))


def has_judges(plan: Plan) -> bool:
    """Whether any answer is judged by a model."""
    return bool(judge_targets(plan))


def judge_targets(plan: Plan) -> tuple[Target, ...]:
    """The models that judge, each once, as they are named first."""
    found = dict.fromkeys(_asked_by(plan.checks))
    if isinstance(plan.prompts, InlinePrompts):
        for prompt in plan.prompts.prompts:
            if isinstance(prompt, Prompt) and prompt.checks:
                found |= dict.fromkeys(_asked_by(prompt.checks))
    return tuple(Target(model=model, upstream=at) for model, at in found)


def _asked_by(checks: tuple[Check, ...]) -> list[tuple[str, str | None]]:
    judges = (each for each in checks if isinstance(each, Judge))
    return [(each.model, target_of(each).upstream) for each in judges]


def target_of(judge: Judge) -> Target:
    """Whom a judge asks, like a target."""
    return Target(model=judge.model, upstream=judge.upstream)


def upstreams_of(plan: Plan) -> tuple[str, ...]:
    """The upstreams of targets and judges, each once."""
    judges = (target.at for target in judge_targets(plan))
    return tuple(dict.fromkeys((*plan.upstreams(), *judges)))


def warmups(plan: Plan) -> tuple[bool, ...]:
    """Of each step whether it is a warm-up; of a search's, again and again."""
    return tuple(step.warmup for step in steps(plan))


def is_judged(plan: Plan, row: Sample, warm: tuple[bool, ...]) -> bool:
    """Whether judges are asked about a row's answer: it is one, it is counted, and all
    that a program could check of it was well. warm: `warmups`."""
    if not row.ok or warm[row.step % len(warm)] or row.passed is False:
        return False
    undecided = row.passed is None and row.failed_check is not None
    return not undecided and bool(judges_of(plan, row.prompt))


def code_of(job_id: str, asked: Judgeable) -> str:
    """The code of the markers around the answer: whoever wrote that did not know the
    id of the run, half of which is chance."""
    named = f"judge\0{job_id}\0{asked.step}\0{asked.slot}"
    return sha256(named.encode()).hexdigest()[:_CODE_DIGITS]


def turns_of(
    plan: Plan, judge: Judge, asked: Judgeable, answer: str, code: str
) -> tuple[Message, ...]:
    """What a judge is sent about one answer."""
    question = question_of(plan, asked.work.prompt)
    said = judge.message(question, answer, code)
    return (
        Message(role="system", content=SYSTEM),
        # the text of a stranger may be what a plan's own may not
        Message.model_construct(role="user", content=said),
    )


def question_of(plan: Plan, prompt: int) -> str:
    """What was asked: a text, or the turns of a transcript. The plan's system prompt,
    which is alike for all, belongs into the rubric where it matters."""
    asked = plan.prompts.prompt(prompt)
    if asked.prompt is not None:
        return asked.prompt
    return "\n\n".join(f"{turn.role}: {turn.content}" for turn in asked.turns())
