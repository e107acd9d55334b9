"""The catalogue: one row for each model, pages of rows, and a model's endpoints."""

from typing import Any

from simulator import bodies
from simulator.catalogue import cast
from simulator.catalogue.cast import MODELS
from simulator.catalogue.models import Model, Provider

MODALITIES = frozenset(
    [
        "text",
        "image",
        "embeddings",
        "audio",
        "video",
        "rerank",
        "decisions",
        "speech",
        "transcription",
    ]
)
PAGE = 500
"""Rows a page has when only `offset` is given; `limit` may ask for up to 1000."""

_FIRST_CREATED = 1_786_406_400


def row(model: Model) -> dict[str, Any]:
    """One entry of `GET /models`."""
    order = MODELS.index(model) if model in MODELS else len(MODELS)
    slug = f"{model.id.removesuffix(':free').removeprefix('~')}-20260811"
    own: dict[str, Any] = {
        "id": model.id,
        "canonical_slug": slug,
        "hugging_face_id": model.id.removesuffix(":free"),
        "name": model.name,
        "created": _FIRST_CREATED - order * 86_400,
        "description": model.says,
        "context_length": model.context_length,
        "architecture": {
            "modality": "text->text",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "tokenizer": "Llama3",
            "instruct_type": "llama3",
        },
        "pricing": {
            "prompt": f"{model.prompt_usd.normalize():f}",
            "completion": f"{model.completion_usd.normalize():f}",
        },
        "top_provider": {
            "context_length": model.context_length,
            "max_completion_tokens": model.max_completion_tokens,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "seed", "stop", "temperature", "top_p"],
        "default_parameters": {"temperature": 0.7, "top_p": None, "top_k": None},
        "supported_voices": None,
        "knowledge_cutoff": "2025-12-31",
        "expiration_date": None,
        "links": {"details": f"/api/v1/models/{slug}/endpoints"},
        "x_unheard_of": ["a field that no client knows"],
    }
    if model.reasoning_tokens:
        own["supported_parameters"].extend(["reasoning", "include_reasoning"])
        own["reasoning"] = {
            "mandatory": model.reasoning_mandatory,
            "default_enabled": True,
            "default_effort": "medium",
            "supported_efforts": ["high", "medium", "low"],
        }
    return own | dict(model.row)


def listing(
    outputs: str | None = None,
    offset: int | None = None,
    limit: int | None = None,
    extra: tuple[Model, ...] = (),
) -> dict[str, Any] | None:
    """The body of `GET /models`, newest first; None for an unknown modality.

    `outputs` is `output_modalities`: a comma-separated list or `all`; text when None.
    All rows come at once unless `offset` or `limit` is given.
    """
    wanted = set((outputs or "text").split(","))
    if wanted == {"all"}:
        wanted = set(MODALITIES)
    if not wanted <= MODALITIES:
        return None
    rows = [
        entry
        for entry in map(row, MODELS + extra)
        if wanted & set(entry["architecture"]["output_modalities"])
    ]
    body = {"data": rows, "total_count": len(rows), "links": {"next": None}}
    if offset is None and limit is None:
        return body
    start, size = offset or 0, min(limit or PAGE, 1000)
    following = f"/api/v1/models?offset={start + size}&limit={size}"
    more = start + size < len(rows)
    body["data"] = rows[start : start + size]
    body["links"] = {"next": following if more else None}
    return body


def plain_listing() -> dict[str, Any]:
    """`GET /v1/models` of an OpenAI-compatible server."""
    data = [
        {"id": model.id, "object": "model", "created": 0, "owned_by": "simulator"}
        for model in MODELS
        if model.served_by is None and model.refusal is None
    ]
    return {"object": "list", "data": data}


def find(model_id: str) -> Model | None:
    """A model by its id, alias or dated slug."""
    bare = model_id.removesuffix("-20260811")
    found = cast.find(bare) or cast.find(f"{bare}:free")
    return None if found is None else cast.resolve(found[0])


def endpoints(model: Model, *, authorized: bool) -> dict[str, Any]:
    """The body of `GET /models/{author}/{slug}/endpoints`.

    Latency and throughput are told to those with a key only.
    """
    entry = row(model)
    told = ("id", "name", "created", "description", "architecture")
    houses = () if model.refusal else model.providers
    return {
        "data": {key: entry[key] for key in told}
        | {"endpoints": [_endpoint(model, p, authorized) for p in houses]}
    }


def _endpoint(model: Model, provider: Provider, authorized: bool) -> dict[str, Any]:
    entry = row(model)
    prompt_usd, completion_usd = model.prices_usd(0, provider)
    ttft_ms = model.pace.ttft_s * provider.slowness * 1000
    speed = 1 / (model.pace.gap_s * provider.slowness)
    return {
        "name": f"{provider.name} | {entry['canonical_slug']}",
        "model_id": model.id,
        "model_name": model.name,
        "context_length": model.context_length,
        "pricing": {
            "prompt": f"{prompt_usd.normalize():f}",
            "completion": f"{completion_usd.normalize():f}",
            "discount": 0,
        },
        "provider_name": provider.name,
        "tag": provider.tag,
        "quantization": provider.tag.partition("/")[2] or None,
        "max_completion_tokens": model.max_completion_tokens,
        "max_prompt_tokens": None,
        "supported_parameters": entry["supported_parameters"],
        "status": provider.status,
        "uptime_last_5m": 100,
        "uptime_last_30m": provider.uptime_30m,
        "uptime_last_1d": None,
        "supports_implicit_caching": False,
        "latency_last_30m": _percentiles(ttft_ms) if authorized else None,
        "throughput_last_30m": _percentiles(speed) if authorized else None,
        **bodies.UNHEARD_OF,
    }


def _percentiles(median: float) -> dict[str, float]:
    factors = {"p50": 1.0, "p75": 1.2, "p90": 1.5, "p99": 2.2}
    return {name: round(median * factor, 1) for name, factor in factors.items()}
