"""The notes of rows, counted: a note of the verdict for each code."""

from shared.sample import Note
from shared.verdict.records import Evidence, Reason, Rule


def _one_burst(evidence: Evidence) -> Reason | None:
    return _counted(
        evidence,
        Note.ONE_BURST,
        "came in one or two reads, so how fast their tokens were made was not seen:"
        " they have no `tpot` and no gaps",
        "Read TTFT and latency. A proxy that buffers, a server that streams only in"
        " name, or a worker of ours that read late lies between.",
    )


def _not_streamed(evidence: Evidence) -> Reason | None:
    return _counted(
        evidence,
        Note.NOT_STREAMED,
        "were asked to stream and answered whole: they have no TTFT, no `tpot` and no"
        " gaps",
        "Ask a model or an upstream that streams, or set `stream` to false.",
    )


def _tokens_summed(evidence: Evidence) -> Reason | None:
    return _counted(
        evidence,
        Note.TOKENS_SUMMED,
        "have the tokens of prompt and answer but no `total_tokens`: it is our sum",
        "Do nothing: `total_tokens` is defined as that sum.",
    )


def _tokens_not_believed(evidence: Evidence) -> Reason | None:
    return _counted(
        evidence,
        Note.TOKENS_NOT_BELIEVED,
        "have a count of tokens that cannot be, such as 0 beside text: it was left out",
        "Do not compare tokens of this upstream with others.",
    )


def _cost_not_believed(evidence: Evidence) -> Reason | None:
    return _counted(
        evidence,
        Note.COST_NOT_BELIEVED,
        "have a cost that cannot be: it was left out, so `billed_usd` is a lower bound",
        "Compare with the bill that the upstream shows. A budget counts these calls at"
        " their worst cost.",
    )


def _no_done(evidence: Evidence) -> Reason | None:
    return _counted(
        evidence,
        Note.NO_DONE,
        "ended with a finish reason and without `[DONE]`",
        "Do nothing: those answers are whole. A client that waits for `[DONE]` would"
        " wait for the end of the connection.",
    )


def _counted(evidence: Evidence, note: Note, words: str, remedy: str) -> Reason | None:
    rows = evidence.summary.counts.notes.get(note)
    if not rows:
        return None
    return Reason(
        kind="note",
        code=note,
        words=f"{rows} rows {words}.",
        remedy=remedy,
        value=float(rows),
        limit=0.0,
    )


NOTED: tuple[Rule, ...] = (
    _one_burst,
    _not_streamed,
    _tokens_summed,
    _tokens_not_believed,
    _cost_not_believed,
    _no_done,
)
