"""Which upstream a target asks: a name, since a plan names no URL."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from shared.settings import DEFAULT

NAME = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
PARTS = "::"
"""Stands between the upstream and the model in a label, and where one is typed: no name
of an upstream has a colon, and a model's own may."""
_TYPED = re.compile(rf"({NAME}){PARTS}(.+)", re.DOTALL)


def _default_is_none(name: object) -> object:
    return None if name == DEFAULT else name


def _looks_like_one(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise ValueError(
            "it is no name of an upstream: small letters, digits and dashes; a plan"
            " names no URL, only upstreams of UPSTREAMS_FILE"
        )
    return name


UpstreamName = Annotated[
    Annotated[
        str,
        AfterValidator(_looks_like_one),
        Field(json_schema_extra={"pattern": f"^{NAME}$"}),
    ]
    | None,
    BeforeValidator(_default_is_none),
    Field(
        description="The upstream: a table of UPSTREAMS_FILE (docs/upstreams.md). None,"
        " or `default`: that of OPENROUTER_BASE_URL.",
        examples=["default"],
    ),
]


def split_upstream(typed: str) -> tuple[str | None, str]:
    """The upstream and the rest of what somebody typed for a model.

    >>> split_upstream("vllm::qwen/qwen2.5:7b"), split_upstream("qwen2.5:7b")
    (('vllm', 'qwen/qwen2.5:7b'), (None, 'qwen2.5:7b'))
    >>> split_upstream("default::a::b")
    ('default', 'a::b')
    """
    found = _TYPED.fullmatch(typed)
    return (found[1], found[2]) if found else (None, typed)
