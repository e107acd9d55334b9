"""What each name means, in the words of docs/metrics.md.

definitions.json is made from that page (`python -m tests.pages.test_definitions`),
since an image and a wheel have no docs; a test holds the two together.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup, escape
from pydantic_core import from_json


class Definition(NamedTuple):
    """One name, and what it means."""

    name: str
    says: str
    """Markdown of one paragraph: only `code` and **bold** are in it."""

    @property
    def html(self) -> Markup:
        """The same as HTML."""
        parts = self.says.replace("**", "").split("`")
        return Markup().join(
            Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
            for n, part in enumerate(parts)
        )


@cache
def definitions() -> dict[str, Definition]:
    """All of them by name, in the order of the docs."""
    text = Path(__file__).with_name("definitions.json").read_bytes()
    return {name: Definition(name, says) for name, says in from_json(text).items()}


class UsedDefinitions:
    """The definitions that one page has named, which it carries at its end."""

    def __init__(self) -> None:
        self.names: dict[str, Definition] = {}

    def of(self, name: str) -> Definition:
        """The definition, which the page will carry. Raises KeyError for none."""
        return self.names.setdefault(name, definitions()[name])
