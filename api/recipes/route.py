"""Ready plans for the frequent questions."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.errors import responses
from shared.recipes import NAMES, filled, question_of, reading_of, record_of

router = APIRouter(tags=["benchmarks"])

EXAMPLE = "acme/orca-70b-instruct"


class Recipe(BaseModel):
    """A plan that is ready for one question."""

    name: str = Field(description="Its name.", examples=["providers"])
    question: str = Field(description="What it answers.")
    reading: str = Field(description="How to read the result.")
    text: str = Field(
        description="The plan as YAML; its comments say how to read the result."
    )
    plan: dict[str, Any] = Field(description="The same as the body of POST /benchmark.")


class Recipes(BaseModel):
    """All ready plans."""

    recipes: list[Recipe] = Field(description="The commonest questions first.")


@router.get(
    "/recipes",
    operation_id="list_recipes",
    summary="Ready plans",
    responses=responses("invalid"),
)
def recipes(
    model: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]] | None,
        Query(
            max_length=20, description="The models to fill in; by default an example."
        ),
    ] = None,
) -> Recipes:
    """Each with its question, filled with the models."""
    texts = {name: filled(name, model or [EXAMPLE]) for name in NAMES}
    return Recipes(
        recipes=[
            Recipe(
                name=name,
                question=question_of(name),
                reading=reading_of(name),
                text=text,
                plan=record_of(text),
            )
            for name, text in texts.items()
        ]
    )
