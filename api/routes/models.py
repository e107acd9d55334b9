"""Which models can be asked."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from api.deps import ContactDep, PartsDep
from api.errors import Problem, responses
from shared.clock import utc_label
from shared.upstream import Contact, Model, Provider, near_matches, select

router = APIRouter(tags=["models"])

EXAMPLES = ["acme/orca-70b-instruct:free", "acme/tuna-8b:free"]


class Ids(BaseModel):
    """Names to use as `model`."""

    models: list[str] = Field(
        description="In the upstream's order.", examples=[EXAMPLES]
    )


class Details(BaseModel):
    """What the upstream says of one model. Null is what it does not say."""

    id: str = Field(description="What to use as `model`.", examples=EXAMPLES[:1])
    name: str = Field(
        description="For people.", examples=["Acme: Orca 70B Instruct (free)"]
    )
    context_length: int | None = Field(description="Tokens.", examples=[65536])
    max_completion_tokens: int | None = Field(description="The longest answer.")
    prompt_usd_per_million: float | None = Field(
        description="USD for a million tokens of prompts.", examples=[0.0]
    )
    completion_usd_per_million: float | None = Field(
        description="USD for a million tokens of answers.", examples=[0.0]
    )
    free: bool = Field(description="Its id ends with `:free`, and every price is 0.")
    input_modalities: list[str] = Field(
        description="What it can be asked with.", examples=[["text"]]
    )
    expires: date | None = Field(description="The day after which it may vanish.")
    supported_parameters: list[str] = Field(
        description="Fields of a request that it heeds.",
        examples=[["max_tokens", "seed"]],
    )


class Detailed(BaseModel):
    """Models with what is known of them."""

    models: list[Details] = Field(description="In the upstream's order.")


@router.get(
    "/models",
    operation_id="list_models",
    summary="List models",
    responses={
        200: {
            "headers": {
                "Age": {
                    "description": "Seconds since the upstream was asked.",
                    "schema": {"type": "integer"},
                },
                "Warning": {
                    "description": "110 when the upstream is down and this is old.",
                    "schema": {"type": "string"},
                },
            }
        },
        **responses("invalid", "no-catalogue"),
    },
)
async def models(
    response: Response,
    contact: ContactDep,
    filter: Annotated[
        Literal["free", "all"] | None,
        Query(description="Free text models, or all text models. Default: a setting."),
    ] = None,
    details: Annotated[bool, Query(description="Objects in place of names.")] = False,
) -> Ids | Detailed:
    """The upstream's text models, free ones by default, in its own order."""
    settings, catalogue = contact.settings, contact.catalogue
    rows = await catalogue.models()
    chosen = select(
        rows,
        filter or settings.models_filter,
        settings.models_deny,
        date.fromisoformat(utc_label()[:10]),
    )
    response.headers["Age"] = str(int(catalogue.age_s or 0))
    if catalogue.stale:
        response.headers["Warning"] = '110 - "The upstream is down; this is its last"'
    if details:
        return Detailed(models=[_details(model) for model in chosen])
    return Ids(models=[model.id for model in chosen])


class Providers(BaseModel):
    """The providers of one model, in the upstream's order."""

    model: str = Field(
        description="Its name in `/models`.", examples=["acme/orca-70b-instruct"]
    )
    providers: list[Provider] = Field(description="Each that runs it.")


@router.get(
    "/models/{model_id:path}/providers",
    operation_id="list_providers",
    summary="List a model's providers",
    responses=responses("invalid", "no-such-model", "no-providers", "no-catalogue"),
)
async def providers(
    model_id: Annotated[
        str,
        Path(
            description="The model's name as `/models` lists it, with its slashes.",
            examples=["acme/orca-70b-instruct"],
        ),
    ],
    contact: ContactDep,
) -> Providers:
    """Who runs it, at which price, how fast and how reliably by the upstream's word.

    Only an upstream that speaks OpenRouter's dialect tells that.
    """
    settings, catalogue = await contact.meet(), contact.catalogue
    if not settings.speaks_openrouter:
        raise Problem(
            "no-providers",
            f"{settings.openrouter_base_url} is asked as a plain OpenAI-compatible"
            " server, which runs its models itself. If it is an OpenRouter, set"
            f" {settings.called.kind}.",
        )
    rows = await catalogue.models()
    found = await catalogue.endpoints(model_id)
    if found is not None:
        return Providers(model=model_id, providers=[one.told() for one in found])
    if catalogue.knows(model_id):
        raise Problem("no-providers", f"The upstream does not say who runs {model_id}.")
    near = near_matches(model_id, rows)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise Problem(
        "no-such-model",
        f"{model_id[:200]!r} is not a model of the upstream.{meant}"
        " GET /models?filter=all lists all of them.",
        suggestions=list(near),
    )


def _details(model: Model) -> Details:
    return Details(
        id=model.id,
        name=model.name,
        context_length=model.context_length,
        max_completion_tokens=model.max_completion_tokens,
        prompt_usd_per_million=model.prompt_usd_per_mtok,
        completion_usd_per_million=model.completion_usd_per_mtok,
        free=model.free,
        input_modalities=list(model.input_modalities),
        expires=model.expires,
        supported_parameters=list(model.supported_parameters),
    )


class ListedUpstream(BaseModel):
    """One upstream: a name, and no secret."""

    name: str = Field(
        description="A target's `upstream`; `default` is that of the settings.",
        examples=["default"],
    )
    base_url: str = Field(
        description="Where it is asked.", examples=["http://10.0.0.5:8000/v1"]
    )
    kind: Literal["openrouter", "openai"] = Field(
        description="In which dialect it is asked, as far as that is known.",
        examples=["openai"],
    )
    decided_by: Literal["setting", "host", "models", "guess"] = Field(
        description="How that is known; `guess`: it has not been asked yet, or lists"
        " nothing."
    )


class Upstreams(BaseModel):
    """All that can be asked."""

    upstreams: list[ListedUpstream] = Field(description="The default one first.")


@router.get(
    "/upstreams",
    operation_id="list_upstreams",
    summary="List upstreams",
    responses=responses("misconfigured"),
)
async def upstreams(parts: PartsDep) -> Upstreams:
    """Those that a plan can name; asks none of them."""
    return Upstreams(
        upstreams=[_shown(parts.contacts.of(name)) for name in parts.contacts.names]
    )


def _shown(contact: Contact) -> ListedUpstream:
    found = contact.settings.upstream
    return ListedUpstream(
        name=contact.settings.upstream_name,
        base_url=found.base_url,
        kind=found.dialect,
        decided_by=found.decided_by,
    )
