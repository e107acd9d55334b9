"""What a model that judges said of answers, one opinion to each answer and judge. Pure.

Judges are asked after a run, about what its calls brought: `asked` says about which
answers, `record` is what came of it, `rows` are the run's rows once that is known.

May import: the machinery, `checks`, `sample`, `plan`.
"""

from shared.opinion.asked import (
    MARKUP_BYTES,
    Judgeable,
    code_of,
    has_judges,
    is_judged,
    judge_targets,
    judges_of,
    question_of,
    quick_checks_of,
    target_of,
    turns_of,
    upstreams_of,
    warmups,
)
from shared.opinion.record import MOST_BYTES, Kept, Opinion, decode, encode, kept_of
from shared.opinion.rows import FILE, Judging, Unasked, judged, judging

__all__ = [
    "FILE",
    "MARKUP_BYTES",
    "MOST_BYTES",
    "Judgeable",
    "Judging",
    "Kept",
    "Opinion",
    "Unasked",
    "code_of",
    "decode",
    "encode",
    "has_judges",
    "is_judged",
    "judge_targets",
    "judged",
    "judges_of",
    "judging",
    "kept_of",
    "question_of",
    "quick_checks_of",
    "target_of",
    "turns_of",
    "upstreams_of",
    "warmups",
]
