"""judged.jsonl: what judges said of answers, one JSON object per line."""

from collections.abc import Iterable, Iterator

from pydantic_core import to_json

from shared.opinion import Opinion
from shared.outputs.jsonl import ESCAPES
from shared.plan import Plan, work


def write_judged(plan: Plan, opinions: Iterable[Opinion]) -> Iterator[bytes]:
    """A line for each opinion, in the order given. The judge's own words stand there
    where the plan keeps the answer that they are about."""
    for each in opinions:
        asked = work(plan, each.step, each.slot)
        keep = plan.keep_answers
        keeps = keep == "all" or (keep == "first" and asked.repetition == 0)
        line = to_json(
            {
                "step": each.step,
                "slot": each.slot,
                "target": plan.targets[asked.target].label(),
                "prompt_index": asked.prompt,
                "repetition": asked.repetition,
                "check": each.name,
                "judge": each.model,
                "answer": each.word or "unknown",
                "why": each.why,
                "status": each.status,
                "calls": each.calls,
                "cost_usd": each.cost_usd,
                "latency_s": each.latency_s,
                "prompt_tokens": each.prompt_tokens,
                "output_tokens": each.output_tokens,
                "served_model": each.served_model,
                "provider": each.provider,
                "generation_id": each.generation_id,
                "text": each.text if keeps else None,
            }
        ).decode()
        yield line.translate(ESCAPES).encode() + b"\n"
