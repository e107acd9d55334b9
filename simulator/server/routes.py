"""Everything that is read: the catalogue, the account, the ledger."""

from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import bodies
from simulator.bodies.refusals import REFUSALS, Refusal
from simulator.calls import Refused, Upstream, authorize
from simulator.catalogue import rows
from simulator.catalogue.cast import fault_model
from simulator.faults import FAULTS
from simulator.reply import EVERY_REPLY
from simulator.server import account

LARGEST_LEDGER_PAGE = 10_000


def _json(value: Any, status: int = 200, cache: str | None = None) -> Response:
    caching = {} if cache is None else {"cache-control": cache}
    return Response(
        bodies.encode(value),
        status,
        media_type="application/json",
        headers=EVERY_REPLY | caching,
    )


def _refused(refusal: Refusal, model_id: str = "") -> Response:
    return Response(
        refusal.body(model_id),
        refusal.status,
        media_type="application/json",
        headers=EVERY_REPLY,
    )


def _upstream(request: Request) -> Upstream:
    upstream: Upstream = request.app.state.upstream
    return upstream


async def preflight(request: Request) -> Response:
    """What a browser asks first."""
    return Response(
        status_code=204,
        headers=EVERY_REPLY
        | {
            "access-control-allow-methods": "GET,POST,OPTIONS",
            "access-control-allow-headers": "Authorization,Content-Type,HTTP-Referer",
        },
    )


async def list_models(request: Request) -> Response:
    """The catalogue; a key is neither needed nor looked at."""
    query = request.query_params
    config = _upstream(request).config
    faulty = tuple(fault_model(name) for name in FAULTS) if config.list_faults else ()
    try:
        offset, limit = (
            int(query[name]) if name in query else None for name in ("offset", "limit")
        )
    except ValueError:
        return _json(bodies.zod_error("expected a number"), 400)
    body = rows.listing(query.get("output_modalities"), offset, limit, faulty)
    if body is None:
        return _json(bodies.zod_error("Invalid output_modalities"), 400)
    cached = "public, max-age=120, stale-while-revalidate=3600, stale-if-error=3600"
    return _json(body, cache=cached)


async def list_own_models(request: Request) -> Response:
    """What the caller's key can call: everything."""
    return _with_key(request, rows.listing() or {})


async def count_models(request: Request) -> Response:
    """How many models the catalogue lists."""
    body = rows.listing(request.query_params.get("output_modalities"))
    if body is None:
        return _json(bodies.zod_error("Invalid output_modalities"), 400)
    return _json({"data": {"count": body["total_count"]}})


async def show_model(request: Request) -> Response:
    """One row of the catalogue, by id, alias or dated slug."""
    model_id = "{author}/{slug}".format(**request.path_params)
    model = rows.find(model_id)
    if model is None:
        return _refused(REFUSALS["no-endpoints"], model_id)
    return _json({"data": rows.row(model)})


async def show_endpoints(request: Request) -> Response:
    """The providers of one model."""
    model_id = "{author}/{slug}".format(**request.path_params)
    model = rows.find(model_id)
    if model is None:
        return _refused(REFUSALS["no-endpoints"], model_id)
    authorized = bool(request.headers.get("authorization"))
    return _json(rows.endpoints(model, authorized=authorized))


async def list_plain_models(request: Request) -> Response:
    """The models of an OpenAI-compatible server."""
    return _json(rows.plain_listing())


async def list_providers(request: Request) -> Response:
    """The houses that run the models."""
    return _json(account.providers())


async def show_key(request: Request) -> Response:
    """What is known of the caller's key."""
    body = account.key(_upstream(request).free_tier)
    return _with_key(request, body, cache="private, no-store")


async def show_credits(request: Request) -> Response:
    """What was bought and used, in USD."""
    return _with_key(request, account.credits())


async def show_generation(request: Request) -> Response:
    """One call that has ended, told late as upstream does it."""
    upstream = _upstream(request)
    asked = request.query_params.get("id", "")
    record = upstream.ledger.find(asked)
    known = (
        record is not None
        and record.ended_s is not None
        and monotonic() - record.ended_s >= upstream.config.generation_after_s
        and not (
            upstream.config.free_generations_never and record.model.endswith(":free")
        )
    )
    if record is None or not known:
        return _refused(Refusal(404, "Generation {model} not found"), asked)
    return _with_key(request, account.generation(record))


def _with_key(
    request: Request, body: dict[str, Any], cache: str | None = None
) -> Response:
    try:
        authorize(request.headers, needed=True)
    except Refused as stop:
        return _refused(stop.refusal)
    return _json(body, cache=cache)


async def list_faults(request: Request) -> Response:
    """Every fault with a sentence."""
    return _json({name: fault.says for name, fault in FAULTS.items()})


async def show_ledger(request: Request) -> Response:
    """The truth about each call after ordinal `since`. Read it when all is quiet."""
    query = request.query_params
    limit = min(int(query.get("limit", LARGEST_LEDGER_PAGE)), LARGEST_LEDGER_PAGE)
    return _json(_upstream(request).ledger.since(int(query.get("since", 0)), limit))


async def clear_ledger(request: Request) -> Response:
    """Forget everything; ordinals, and with them the draws, begin again."""
    _upstream(request).ledger.clear()
    return Response(status_code=204)


async def show_summary(request: Request) -> Response:
    """The truth per model."""
    return _json(_upstream(request).ledger.summary())


OPENROUTER = [
    Route("/models", list_models),
    Route("/models/user", list_own_models),
    Route("/models/count", count_models),
    Route("/models/{author}/{slug}/endpoints", show_endpoints),
    Route("/model/{author}/{slug}", show_model),
    Route("/key", show_key),
    Route("/auth/key", show_key),
    Route("/credits", show_credits),
    Route("/providers", list_providers),
    Route("/generation", show_generation),
    Route("/{path:path}", preflight, methods=["OPTIONS"]),
]
PLAIN = [Route("/models", list_plain_models)]
OURS = [
    Route("/faults", list_faults),
    Route("/ledger", show_ledger),
    Route("/ledger", clear_ledger, methods=["DELETE"]),
    Route("/summary", show_summary),
]
