"""The cast: who can be asked, from the pleasant to the odd.

A few models of distinct character, the rows that a reader of the catalogue must
survive, and a `fault/<name>` for each fault.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from simulator.catalogue.models import JUDGE, KESTREL, PROVIDERS, SHOAL, TIDEWAY, Model
from simulator.catalogue.twins import TWINS
from simulator.pace import Pace

SORTS = {"nitro": "throughput", "floor": "price"}
"""Suffixes that choose among providers rather than name another model."""


def _usd(per_million: str) -> Decimal:
    return Decimal(per_million) / 1_000_000


SWIFT = Model(
    id="acme/swift-8b:free",
    name="Acme: Swift 8B (free)",
    says="Small and quick: the first word comes at once.",
    pace=Pace(ttft_s=0.08, gap_s=0.005, tokens=48, spread=0.1),
    max_completion_tokens=8_192,
)
ORCA = Model(
    id="acme/orca-70b-instruct:free",
    name="Acme: Orca 70B Instruct (free)",
    says="Dense instruction-tuned model for chat and summarising.",
    pace=Pace(ttft_s=0.26, gap_s=0.014, tokens=72, spread=0.15),
    row={
        "expiration_date": "2099-12-15",
        "top_provider": {
            "context_length": 65_536,
            "max_completion_tokens": None,
            "is_moderated": False,
        },
    },
)
SAGE = Model(
    id="globex/sage-thinker:free",
    name="Globex: Sage Thinker (free)",
    says="Thinks before it speaks: reasoning first, then a short answer.",
    pace=Pace(ttft_s=0.15, gap_s=0.01, tokens=40, spread=0.2),
    reasoning_tokens=36,
)
ORCA_PRO = Model(
    id="acme/orca-pro",
    name="Acme: Orca Pro",
    says="Always reasons, reads long prompts and charges for both.",
    pace=Pace(ttft_s=0.4, gap_s=0.008, tokens=120, spread=0.15),
    reasoning_tokens=48,
    reasoning_mandatory=True,
    prompt_usd=_usd("2.5"),
    completion_usd=_usd("10"),
    dearer_after=(200_000, _usd("5"), _usd("15")),
    context_length=400_000,
    max_completion_tokens=65_536,
    row={
        "pricing": {
            "prompt": "0.0000025",
            "completion": "0.00001",
            "input_cache_read": "0.00000025",
            "web_search": "0.01",
            "discount": 0,
            "overrides": [
                {
                    "min_prompt_tokens": 200_000,
                    "prompt": "0.000005",
                    "completion": "0.000015",
                }
            ],
        },
        "default_parameters": {},
    },
)
LYNX = Model(
    id="globex/lynx-vision",
    name="Globex: Lynx Vision",
    says="Reads images as well as text.",
    pace=Pace(ttft_s=0.2, gap_s=0.006, tokens=56, spread=0.1),
    prompt_usd=_usd("0.4"),
    completion_usd=_usd("1.6"),
    providers=(KESTREL,),
    max_completion_tokens=16_384,
    row={
        "architecture": {
            "modality": "text+image->text",
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
            "tokenizer": "GPT",
            "instruct_type": None,
        },
        "hugging_face_id": "",
    },
)


def _making(modality: str, *outputs: str, tokenizer: str = "Other") -> dict[str, Any]:
    return {
        "architecture": {
            "modality": modality,
            "input_modalities": ["text"],
            "output_modalities": list(outputs),
            "tokenizer": tokenizer,
            "instruct_type": None,
        }
    }


def _router(**more: Any) -> dict[str, Any]:
    return {
        **_making("text->text", "text", tokenizer="Router"),
        "top_provider": {
            "context_length": None,
            "max_completion_tokens": None,
            "is_moderated": False,
        },
        "supported_parameters": ["max_tokens", "temperature"],
        "default_parameters": None,
        **more,
    }


MODELS: tuple[Model, ...] = (
    SWIFT,
    replace(
        SWIFT,
        id="acme/swift-8b",
        name="Acme: Swift 8B",
        pace=Pace(ttft_s=0.06, gap_s=0.004, tokens=48, spread=0.05),
        prompt_usd=_usd("0.05"),
        completion_usd=_usd("0.15"),
    ),
    ORCA,
    replace(
        ORCA,
        id="acme/orca-70b-instruct",
        name="Acme: Orca 70B Instruct",
        prompt_usd=_usd("0.12"),
        completion_usd=_usd("0.3"),
        providers=PROVIDERS,
        row={},
    ),
    Model(
        id="acme/osprey-32b",
        name="Acme: Osprey 32B",
        says="Run by five houses, of which one is down and one is shaky.",
        pace=Pace(ttft_s=0.1, gap_s=0.004, tokens=24, spread=0.1),
        prompt_usd=_usd("0.1"),
        completion_usd=_usd("0.2"),
        providers=(*PROVIDERS, SHOAL, TIDEWAY),
    ),
    SAGE,
    ORCA_PRO,
    LYNX,
    *TWINS,
    JUDGE,
    # The rows that a reader of the catalogue must survive.
    Model(
        id="openrouter/auto",
        name="Auto Router",
        served_by="acme/orca-70b-instruct",
        context_length=2_000_000,
        row=_router(
            pricing={"prompt": "-1", "completion": "-1"},
            architecture={
                "modality": "text+image->text+image",
                "input_modalities": ["text", "image"],
                "output_modalities": ["text", "image"],
                "tokenizer": "Router",
                "instruct_type": None,
            },
        ),
    ),
    Model(
        id="openrouter/free",
        name="Free Models Router",
        served_by="acme/swift-8b:free",
        context_length=200_000,
        row=_router(),
    ),
    Model(
        id="~acme/orca-latest",
        name="Acme: Orca (latest)",
        served_by="acme/orca-70b-instruct",
        row=_router(
            pricing={"prompt": "0.00000012", "completion": "0.0000003"},
            alias_target={
                "slug": "acme/orca-70b-instruct",
                "name": "Acme: Orca 70B Instruct",
            },
        ),
    ),
    Model(
        id="umbra/night-alpha",
        name="Night Alpha",
        says="A stealth model: it costs nothing and does not say so in its name.",
        row={"hugging_face_id": "", "knowledge_cutoff": None},
    ),
    Model(
        id="acme/orca-content-safety:free",
        name="Acme: Orca Content Safety (free)",
        says="A classifier: it answers in a word.",
        pace=Pace(ttft_s=0.05, gap_s=0.005, tokens=2),
        context_length=8_192,
    ),
    Model(
        id="globex/heron-1b:free",
        name="Globex: Heron 1B (free)",
        refusal="unavailable-for-free",
        row={"expiration_date": "2026-01-31"},
    ),
    Model(
        id="globex/inkwell:free",
        name="Globex: Inkwell (free)",
        refusal="harness-only",
    ),
    Model(
        id="acme/tuba-music-preview",
        name="Acme: Tuba (music)",
        says="Per-token prices of zero, yet a song is billed. Does not chat.",
        refusal="no-endpoints",
        row=_making("text->text+audio", "text", "audio"),
    ),
    Model(
        id="acme/finch-image",
        name="Acme: Finch Image",
        prompt_usd=_usd("0.3"),
        refusal="no-endpoints",
        row=_making("text->image", "image"),
    ),
    Model(
        id="globex/vector-small",
        name="Globex: Vector Small",
        prompt_usd=_usd("0.02"),
        refusal="no-endpoints",
        row=_making("text->embeddings", "embeddings"),
    ),
)

_BY_ID = {model.id: model for model in MODELS}
_FAULTY = Model(
    id="fault/",
    name="Fault",
    pace=Pace(ttft_s=0.05, gap_s=0.005, tokens=12),
    prompt_usd=_usd("1"),
    completion_usd=_usd("2"),
)


def fault_model(fault: str, *, free: bool = False) -> Model:
    """The paid (or `:free`) model whose every reply has `fault`."""
    model_id = f"fault/{fault}"
    named = replace(_FAULTY, id=model_id, name=f"Fault: {fault}")
    if not free:
        return named
    nothing = Decimal(0)
    return replace(
        named, id=f"{model_id}:free", prompt_usd=nothing, completion_usd=nothing
    )


def find(model_id: str) -> tuple[Model, str | None] | None:
    """(model, sort) for an id as a client sends it; None when nobody has that id.

    `sort` is what a suffix such as `:nitro` asks of the routing. `fault/<name>` is
    always found; whether there is such a fault is the fault table's business.
    """
    sort = None
    bare, _, suffix = model_id.rpartition(":")
    if suffix in SORTS:
        model_id, sort = bare, SORTS[suffix]
    if model_id.startswith("fault/"):
        fault = model_id.removeprefix("fault/")
        free = fault.endswith(":free")
        return fault_model(fault.removesuffix(":free"), free=free), sort
    model = _BY_ID.get(model_id)
    return None if model is None else (model, sort)


def fault_of(model: Model) -> str | None:
    """The fault that a `fault/...` model stands for; None for all others."""
    if not model.id.startswith("fault/"):
        return None
    return model.id.removeprefix("fault/").removesuffix(":free")


def resolve(model: Model) -> Model:
    """Who really answers: the routed or aliased model, else the model itself."""
    return model if model.served_by is None else _BY_ID[model.served_by]
