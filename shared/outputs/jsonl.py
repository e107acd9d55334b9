"""responses.jsonl: what was answered, one JSON object per line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic_core import to_json

from shared.plan import Plan, work
from shared.sample import Outcome

# Inside JSON they mean nothing, yet some line readers take them for ends of lines.
ESCAPES = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What came back for one attempt, whole or cut at its cap."""

    step: int
    slot: int
    attempt: int = 0
    outcome: Outcome
    text: str
    reasoning: str = ""
    cut: bool = False
    """The rest was over the cap, and is not kept."""
    token_events_s: list[float] | None = None
    """Seconds from its sending to each token event; None unless the plan keeps them."""


def write_responses(plan: Plan, answers: Iterable[KeptAnswer]) -> Iterator[bytes]:
    """A line for each answer, in the order given, with what was asked beside it."""
    for answer in answers:
        asked = work(plan, answer.step, answer.slot)
        target, prompt = plan.targets[asked.target], plan.prompts.prompt(asked.prompt)
        line = to_json(
            {
                "step": answer.step,
                "slot": answer.slot,
                "attempt": answer.attempt,
                "target": target.label(),
                "model": target.model,
                "prompt_index": asked.prompt,
                "prompt_id": prompt.id,
                "prompt_sha256": prompt.sha256(),
                "repetition": asked.repetition,
                "outcome": answer.outcome,
                "prompt": prompt.prompt,
                "messages": prompt.messages,
                "text": answer.text,
                "reasoning": answer.reasoning,
                "cut": answer.cut,
                "token_events_s": answer.token_events_s,
            }
        ).decode()
        yield line.translate(ESCAPES).encode() + b"\n"
