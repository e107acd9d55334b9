"""Every quirk and fault of the upstream, by name.

A fault strikes by model (`fault/<name>`, also with `:free`), by request header
(`X-Sim-Fault: <name>`, once for each) or by the server's weather. Arguments follow the
name: `stall;after=3`. `GET /sim/faults` lists them all.

Any fault takes `first=N`: it strikes only the first N calls of each prompt to a model.

A fault acts at one of three stages, by a pure function:

    refuse(params, now_s) -> Refusal             an error status instead of an answer
    bend(answer, params) -> Answer               another answer, told properly
    cut(script, answer, params) -> Script        the same answer, other bytes or times

To add one, write the function (in `bends`, `breaks` or `framings`) and a line in
`FAULTS`; answers of forms that nobody agreed on have both in `strange`. An error that
is only a body is a row of `refusals.REFUSALS` and needs no function. A `cut` states the
outcome that a client must find; after a `bend` it is worked out from the answer. What
needs a socket of its own (a reset, garbage instead of HTTP, a chunk cut in two) is not
here: raw servers take their bodies from `bodies`.
"""

from functools import partial

from simulator import bends, breaks, framings, limits
from simulator.fault import Fault, Params
from simulator.refusals import REFUSALS, Refusal, free_limit, throttled
from simulator.strange import STRANGE


def parse(text: str) -> tuple[Fault, Params]:
    """The fault that `name;key=value;...` names.

    Raises ValueError with the remedy when there is none of that name.

    >>> parse("stall;after=3")[1]
    {'after': '3'}
    """
    name, *rest = (part.strip() for part in text.split(";"))
    if name not in FAULTS:
        raise ValueError(f"no fault {name!r}: GET /sim/faults lists them")
    pairs = (part.partition("=") for part in rest if part)
    return FAULTS[name], {key.strip(): value.strip() for key, _, value in pairs}


# --- instead of an answer ------------------------------------------------------------


def _named(name: str, params: Params, now_s: float) -> Refusal:
    return REFUSALS[name]


def _throttled(params: Params, now_s: float) -> Refusal:
    return throttled(params.get("retry_after"))


def _busy(params: Params, now_s: float) -> Refusal:
    return throttled(params.get("retry_after", "1"))


def _free_limit(kind: str, limit: int, params: Params, now_s: float) -> Refusal:
    reset = limits.next_minute_ms if kind == "minute" else limits.next_midnight_ms
    return free_limit(kind, limit, reset(now_s))


FAULTS: dict[str, Fault] = {
    # --- instead of an answer
    **{
        name: Fault(f"HTTP {row.status}: {row.message}", refuse=partial(_named, name))
        for name, row in REFUSALS.items()
    },
    "rate-limited-upstream": Fault(
        "HTTP 429 of a provider's shared pool; `retry_after` (seconds, a date or "
        "nonsense) is sent as it is, or left out.",
        refuse=_throttled,
    ),
    "free-minute": Fault(
        "HTTP 429: the account's 20 free calls of this minute are used up.",
        refuse=partial(_free_limit, "minute", 20),
    ),
    "free-daily": Fault(
        "HTTP 429: the account's 50 free calls of this UTC day are used up.",
        refuse=partial(_free_limit, "day", 50),
    ),
    "free-daily-rich": Fault(
        "HTTP 429: the 1000 free calls of an account with credits are used up.",
        refuse=partial(_free_limit, "day-rich", limits.RICH_DAY),
    ),
    # --- what the request must not say
    "no-max-tokens": Fault(
        "HTTP 400 for `max_tokens`, as reasoning models answer it: they want "
        "`max_completion_tokens`.",
        refuse=partial(_named, "unsupported-max-tokens"),
        unless=lambda body: "max_tokens" not in body,
    ),
    "no-limit-of-tokens": Fault(
        "HTTP 400 for `max_tokens` and for `max_completion_tokens`.",
        refuse=partial(_named, "unknown-limit"),
        unless=lambda body: not {"max_tokens", "max_completion_tokens"} & body.keys(),
    ),
    "no-stream-options": Fault(
        "HTTP 422 for `stream_options`, as a strict validator answers.",
        refuse=partial(_named, "unknown-stream-options"),
        unless=lambda body: "stream_options" not in body,
    ),
    # --- failures that pass
    "fails-twice": Fault(
        "HTTP 502 the first two times that a prompt is asked, then an answer.",
        refuse=partial(_named, "bad-gateway"),
        first=2,
    ),
    "busy-once": Fault(
        "HTTP 429 of a provider, with `retry_after` (1), the first time that a prompt "
        "is asked, then an answer.",
        refuse=_busy,
        first=1,
    ),
    "thinks-once": Fault(
        "Everything is said as reasoning, and billed, the first time that a prompt is "
        "asked, then an answer.",
        bend=bends.reasoning_only,
        first=1,
    ),
    # --- an error under status 200
    "error-in-200": Fault(
        "A bare error with code 502 instead of the reply, under status 200.",
        cut=breaks.error_in_200,
    ),
    "error-with-nulls": Fault(
        "An error beside `id` and `choices` that are null, under status 200.",
        cut=breaks.error_with_nulls,
    ),
    "padding-then-error": Fault(
        "Blanks that keep the connection alive, then an error with code 504.",
        cut=breaks.padding_then_error,
    ),
    "mid-stream-error": Fault(
        "Half of the text, then an error event; not streamed: a choice with an error.",
        cut=breaks.mid_stream_error,
    ),
    "error-string-code": Fault(
        "An error event whose code is a string.", cut=breaks.error_string_code
    ),
    "error-no-choices": Fault(
        "An error event without a choice is the first one.",
        cut=breaks.error_no_choices,
    ),
    "error-bare": Fault(
        "Half of the text, then an error that is no chunk at all.",
        cut=breaks.error_bare,
    ),
    "error-finish-only": Fault(
        "finish_reason is `error`, and there is no error object.",
        cut=breaks.error_finish_only,
    ),
    "error-with-usage": Fault(
        "A finish of `length`, then an error and the usage in one event.",
        cut=breaks.error_with_usage,
    ),
    "error-after-finish": Fault(
        "All text and a finish of `stop`, then an error.",
        cut=breaks.error_after_finish,
    ),
    # --- an end before its time
    "truncated": Fault(
        "The body ends properly in the middle of the reply; `after` text events.",
        cut=breaks.truncated,
    ),
    "no-finish": Fault(
        "All text, but neither a finish_reason nor `[DONE]`.", cut=breaks.no_finish
    ),
    "no-done": Fault(
        "A finish_reason and the usage, but no `[DONE]`.", cut=breaks.no_done
    ),
    "drop": Fault(
        "The connection is closed after `after` text events, without a last chunk.",
        cut=breaks.drop,
    ),
    "stall": Fault("Silence after `after` text events.", cut=breaks.stall),
    "hang": Fault("Silence from the start: no status line.", cut=breaks.hang),
    "hang-after-head": Fault(
        "Status and headers, then silence.", cut=breaks.hang_after_head
    ),
    "comments-forever": Fault(
        "A comment (or a blank) each `every_s`, and never a token.",
        cut=breaks.comments_forever,
    ),
    "endless": Fault(
        "The last token again each `every_s`, and never an end.", cut=breaks.endless
    ),
    # --- answers without text
    "empty": Fault("A proper end without any text.", bend=bends.empty),
    "content-null": Fault(
        "A proper end; the content is null.", bend=bends.null_content
    ),
    "reasoning-only": Fault(
        "Everything is said as reasoning.", bend=bends.reasoning_only
    ),
    "length-before-text": Fault(
        "Hidden reasoning uses up all tokens: finish_reason `length`, no text.",
        bend=bends.length_before_text,
    ),
    "refusal": Fault("The model refuses, in its own field.", bend=bends.refusal),
    "tool-call": Fault(
        "A tool call whose arguments are null, and no text, which is an answer.",
        bend=bends.tool_call,
    ),
    # --- bodies of another shape
    "nested-in-provider": Fault(
        "The whole completion stands under `provider`.", cut=framings.nested
    ),
    "choices-null": Fault(
        "`choices` is null, without an error.", cut=framings.choices_null
    ),
    "whitespace": Fault("Nothing but blanks.", cut=framings.whitespace),
    "html-200": Fault("A page of HTML under status 200.", cut=framings.html_200),
    "comments-in-json": Fault(
        "Stream comments before the JSON of the reply.", cut=framings.comments_in_json
    ),
    "gzip": Fault(
        "A compressed body that nobody asked for: `mib` of blanks when inflated.",
        cut=framings.gzip,
    ),
    "bad-json": Fault("An event whose JSON stops short.", cut=framings.bad_json),
    "bad-utf8": Fault("An event that is not UTF-8.", cut=framings.bad_utf8),
    "huge-line": Fault("An event of `mib` in one line.", cut=framings.huge_line),
    # --- odd, and to be understood all the same
    "usage-b": Fault("The usage event has no choice.", bend=bends.having(usage="B")),
    "usage-c": Fault(
        "The usage event's finish_reason is null.", bend=bends.having(usage="C")
    ),
    "usage-missing": Fault("No usage at all.", bend=bends.having(usage=None)),
    "usage-too-small": Fault(
        "More reasoning tokens than completion tokens.", bend=bends.usage_too_small
    ),
    "cost-missing": Fault("Usage without a cost.", bend=bends.having(cost="missing")),
    "cost-null": Fault("Usage whose cost is null.", bend=bends.having(cost="null")),
    "cost-half": Fault(
        "Half of the cost; GET /generation tells it whole.",
        bend=bends.having(cost="half"),
    ),
    "cost-scientific": Fault(
        "The cost as `1.4e-05`.", bend=bends.having(cost="scientific")
    ),
    "cached-prompt": Fault(
        "The provider had the whole prompt in its cache.", bend=bends.cached_prompt
    ),
    "cache-hit": Fault(
        "A stored reply: a header says so, and the usage is zero.",
        bend=bends.cache_hit,
    ),
    "finish-null": Fault(
        "finish_reason stays null to the end.",
        bend=bends.having(finish_reason=None, native_finish_reason=None),
    ),
    "native-finish-null": Fault(
        "native_finish_reason is null.", bend=bends.having(native_finish_reason=None)
    ),
    "content-filter": Fault(
        "Text, and a finish_reason of `content_filter`.",
        bend=bends.having(finish_reason="content_filter"),
    ),
    "role-alone": Fault(
        "A first chunk with a role and no text.", bend=bends.having(role="alone")
    ),
    "role-once": Fault(
        "Only the first chunk names the role.", bend=bends.having(role="once")
    ),
    "role-never": Fault("No chunk names the role.", bend=bends.having(role="never")),
    "reasoning-details": Fault(
        "Half of it is reasoning, told as `reasoning_details` alone.",
        bend=bends.half_reasoning("reasoning_details"),
    ),
    "model-dated": Fault("The dated slug as `model`.", bend=bends.dated_model),
    "model-other": Fault(
        "Another model answered.", bend=bends.from_head(model="acme/fallback-1b")
    ),
    "provider-other-case": Fault(
        "The provider's name in other letters.", bend=bends.from_head(provider="HARBOR")
    ),
    "provider-missing": Fault(
        "No provider is named.", bend=bends.from_head(provider=None)
    ),
    "many-tokens-a-chunk": Fault(
        "An event brings several `tokens`.", bend=bends.many_tokens_a_chunk
    ),
    "line-separators": Fault(
        "U+2028 and U+0085 in the text, where careless readers cut lines.",
        bend=bends.line_separators,
    ),
    "nul": Fault("A NUL after each token.", bend=bends.nul),
    "crlf": Fault("Lines end with CR LF.", cut=framings.line_ends(b"\r\n")),
    "cr": Fault("Lines end with CR.", cut=framings.line_ends(b"\r")),
    "bom": Fault("The stream begins with a byte order mark.", cut=framings.bom),
    "split": Fault(
        "Each event comes in writes of so many `bytes`.", cut=framings.split
    ),
    "coalesced": Fault("Several `events` in one write.", cut=framings.coalesced),
    "comments-first": Fault(
        "`n` comments before the first token.", cut=framings.comments_first
    ),
    "comments-between": Fault(
        "A comment before each event.", cut=framings.comments_between
    ),
    "debug-echo": Fault(
        "A first event without a choice, with what was sent upstream.",
        cut=framings.debug_echo,
    ),
    "signature-last": Fault(
        "A reasoning signature after the text.", cut=framings.signature_last
    ),
    **STRANGE,
}
