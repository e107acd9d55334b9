"""One row of an upstream's catalogue, and what follows from it alone.

Rows come from OpenRouter (prices, context, modalities) or from any OpenAI-compatible
server (an id and little more), and change shape without notice: what cannot be
understood is unknown, and a row without an id is left out.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic_core import from_json

from shared.answer.refusal import Json, table
from shared.money import Price
from shared.plan.model_id import problem

MAX_BYTES_PER_TOKEN = 128
"""The longest token of the published vocabularies (a run of spaces) has 128 bytes."""

MAX_WORDS_PER_TOKEN = 2
"""Published tokenizers never join two words in a token; doubled, to be certain."""

_DEAREST_TOKEN_USD = Decimal("0.001")
"""More than a token of any model has cost (0.0006), and less than a million of them:
what is dearer has another unit, which nobody says, and is unknown."""

_NO_PRICE = frozenset({"discount", "overrides"})
_CONDITIONS = frozenset({"min_prompt_tokens", "utc_start", "utc_end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that an upstream lists. None and () mean that it does not say."""

    id: str
    """What is sent as `model`."""
    name: str
    canonical_slug: str | None = None
    """The dated, permanent name; a free and a paid row may share one."""
    context_length: int | None = None
    """Tokens; of the model's and its first provider's the smaller."""
    longest_context: int | None = None
    """Tokens; the larger of the two, which some provider may still take."""
    max_completion_tokens: int | None = None
    prompt_usd_per_mtok: float | None = None
    """USD per million tokens; None for a router, whose price is another model's."""
    completion_usd_per_mtok: float | None = None
    price: Price | None = None
    """Conditions at their dearest; None where a part of it is unknown."""
    listed_usd: tuple[Decimal, Decimal] | None = None
    """Exact USD per prompt and per completion token, as listed."""
    free: bool = False
    """The id ends with `:free` and every price is 0."""
    router: bool = False
    """It picks another model for each call."""
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    expires: date | None = None
    """The day (UTC) after which it may vanish."""
    created: int | None = None
    """Unix seconds."""
    supported_parameters: tuple[str, ...] = ()


def parse_models(body: bytes) -> tuple[Model, ...]:
    """The rows of a `/models` body, in its order, each id once.

    Raises ValueError when the body is no JSON or holds no list.
    """
    return models_of(from_json(body))


def models_of(document: Any) -> tuple[Model, ...]:
    """The same of a parsed body: `{"data": [...]}`, or a bare list.

    What is listed can be asked: an id that no plan may have is left out.
    """
    rows = document.get("data") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise ValueError("the body holds no list of models")
    models: dict[str, Model] = {}
    for row in rows:
        model_id = table(row).get("id")
        if isinstance(model_id, str) and problem(model_id) is None:
            models.setdefault(model_id, _model(model_id, row))
    return tuple(models.values())


def like_openrouter(document: Any) -> bool:
    """Whether a listing has prices in OpenRouter's form: decimal strings, USD per token
    (or "-1", of a router). Other servers list numbers, or USD per million tokens.
    """
    rows = document.get("data") if isinstance(document, dict) else document
    pricing = [table(table(row).get("pricing")) for row in rows or ()]
    prices = [each.get(name) for each in pricing for name in ("prompt", "completion")]
    told = [price for price in prices if price is not None]
    return bool(told) and all(map(_per_token, told))


def _per_token(price: Any) -> bool:
    if not isinstance(price, str):
        return False
    return price == "-1" or _token_usd(price) is not None


def _model(model_id: str, row: Json) -> Model:
    """One row; nothing in it raises."""
    pricing = table(row.get("pricing"))
    architecture = table(row.get("architecture"))
    top = table(row.get("top_provider"))
    contexts = [
        context
        for context in (
            _whole(row.get("context_length")),
            _whole(top.get("context_length")),
            _whole(row.get("max_model_len")),  # vLLM's word for it
        )
        if context
    ]
    prompt = _token_usd(pricing.get("prompt"))
    completion = _token_usd(pricing.get("completion"))
    listed = None if prompt is None or completion is None else (prompt, completion)
    return Model(
        id=model_id,
        name=_text(row.get("name")) or model_id,
        canonical_slug=_text(row.get("canonical_slug")),
        context_length=min(contexts, default=None),
        longest_context=max(contexts, default=None),
        max_completion_tokens=_whole(top.get("max_completion_tokens")),
        prompt_usd_per_mtok=_per_million(prompt),
        completion_usd_per_mtok=_per_million(completion),
        listed_usd=listed,
        price=price_of(pricing),
        free=model_id.endswith(":free") and listed is not None and _all_zero(pricing),
        router=(
            architecture.get("tokenizer") == "Router"
            or pricing.get("prompt") in ("-1", -1)
        ),
        input_modalities=_texts(architecture.get("input_modalities")),
        output_modalities=_texts(architecture.get("output_modalities")),
        expires=_day(row.get("expiration_date")),
        created=_whole(row.get("created")),
        supported_parameters=_texts(row.get("supported_parameters")),
    )


def expired(model: Model, today: date) -> bool:
    """Whether its last day is over; `today` is the date in UTC."""
    return model.expires is not None and model.expires < today


def is_free_text(model: Model, today: date) -> bool:
    """Whether it answers text with text, costs nothing, and has not expired.

    A price of zero alone proves nothing: music models are billed by the song and
    list "0" for tokens, and a router's free choice is another model each time.
    """
    return (
        model.free
        and "text" in model.input_modalities
        and model.output_modalities == ("text",)
        and not expired(model, today)
        and not model.router
    )


def is_text(model: Model) -> bool:
    """Whether it answers with text alone; a server that does not say lists only such.

    Not a router: its answers are other models'.
    """
    return not model.router and model.output_modalities in ((), ("text",))


def prices(model: Model) -> tuple[Decimal, Decimal] | None:
    """Exact (prompt, completion) USD per token, as listed; None where unknown."""
    return model.listed_usd


def least_tokens(text: str) -> int:
    """Tokens that `text` has at the least, by any tokenizer.

    max(ceil(UTF-8 bytes / 128), ceil(words / 2)), words parted by white space.

    >>> least_tokens("one two three")
    2
    """
    by_bytes = -(-len(text.encode("utf-8", "replace")) // MAX_BYTES_PER_TOKEN)
    return max(by_bytes, -(-len(text.split()) // MAX_WORDS_PER_TOKEN))


def fits(model: Model, least: int, max_tokens: int) -> bool:
    """False only when the call is certainly longer than any context of the model.

    `least` is the prompt's `least_tokens`; upstreams count `max_tokens` in.
    """
    context = model.longest_context
    return context is None or least + max_tokens <= context


def price_of(pricing: Json) -> Price | None:
    """The dearest over all conditions; None unless tokens have prices.

    Reasoning counts as completion, and is bounded by `max_tokens` as well.
    """
    if None in (_token_usd(pricing.get(name)) for name in ("prompt", "completion")):
        return None
    overrides = pricing.get("overrides")
    tables = [pricing, *(overrides if isinstance(overrides, list) else [])]

    def dearest(*names: str) -> Decimal:
        listed = (_usd(table(t).get(name)) for t in tables for name in names)
        return max((price for price in listed if price is not None), default=Decimal(0))

    return Price(
        dearest("prompt"),
        dearest("completion", "internal_reasoning"),
        dearest("request"),
    )


def _all_zero(pricing: Json) -> bool:
    """Whether every price, conditional ones included, is 0."""
    overrides = pricing.get("overrides")
    conditional = [table(o) for o in overrides] if isinstance(overrides, list) else []
    said = [v for k, v in pricing.items() if k not in _NO_PRICE]
    said += [v for o in conditional for k, v in o.items() if k not in _CONDITIONS]
    return all(_usd(value) == 0 for value in said if value is not None)


def _usd(value: Any) -> Decimal | None:
    """A price in USD; None for -1 ("depends on the routed model") and for junk."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        price = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return price if price.is_finite() and 0 <= price < 1_000_000 else None


def _token_usd(value: Any) -> Decimal | None:
    """The price of one token; None also for one that cannot be of one alone."""
    price = _usd(value)
    return None if price is None or price >= _DEAREST_TOKEN_USD else price


def _per_million(price: Decimal | None) -> float | None:
    return None if price is None else float(price * 1_000_000)


def _whole(value: Any) -> int | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
    return value if fine else None


def _text(value: Any) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str))


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
