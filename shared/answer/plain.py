"""The shortcut of an unstreamed answer about which nothing is remarkable.

It came whole, with a status of 200, is one JSON object of a choice with text, and says
of itself nothing that would have to be doubted, mended or explained. Anything else is
for `reading`, which reads this, too, and comes to the same Reply: so this is never
needed for a right answer, only for a fast one.
"""

from pydantic_core import from_json

from shared.answer.dialects.chat import Dialect, label
from shared.answer.reply import Reply
from shared.sample import Outcome
from shared.wire import Exchange, Response

CACHE_STATUS = {"HIT": True, "MISS": False}
"""By the header `x-openrouter-cache-status`."""


def plain_reply(
    exchange: Exchange, response: Response, dialect: Dialect, max_text_bytes: int
) -> Reply | None:
    """The Reply of an ended exchange whose answer was not asked for as a stream; None
    where `reading` has to look."""
    if response.status != 200 or exchange.failure is not None:
        return None
    pieces = response.pieces
    body = pieces[0][1] if len(pieces) == 1 else response.body
    if body[:1] != b"{":
        return None
    try:
        document = from_json(body)
    except ValueError:
        return None
    choices = document.get("choices")
    if not choices or not isinstance(choices, list):
        return None
    said = dialect.read(document)
    text, reasoning = said.text, said.reasoning
    if not text or said.refused or said.error is not None or said.notes:
        return None
    if 4 * max(len(text), len(reasoning)) > max_text_bytes:  # may have to be cut
        return None
    prompt, output, total = said.prompt_tokens, said.output_tokens, said.total_tokens
    if total is None and prompt is not None and output is not None:
        return None  # it is summed
    if 0 in (prompt, output, total) or (reasoning and said.reasoning_tokens == 0):
        return None  # a form that nobody filled in
    headers = response.headers
    return Reply(
        Outcome.OK,
        200,
        None,
        text,
        reasoning,
        ack_s=pieces[0][0],
        ended_s=exchange.ended_s,
        finish_reason=said.finish_reason,
        prompt_tokens=prompt,
        output_tokens=output,
        reasoning_tokens=said.reasoning_tokens,
        cached_tokens=said.cached_tokens,
        total_tokens=total,
        tokens_from=None if output is None else "usage",
        cost_usd=said.cost_usd,
        provider=said.provider,
        served_model=said.served_model,
        generation_id=said.generation_id or label(headers.get("x-generation-id")),
        cache_hit=CACHE_STATUS.get(
            headers.get("x-openrouter-cache-status", "").upper()
        ),
        whole_text=text,
    )
