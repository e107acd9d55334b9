"""Whose words an upstream speaks: a module of pure functions and one line here each.

A dialect builds the request and reads one event of an answer; sending, stamping and
classifying exist once.
"""

from shared.answer.dialects import openai, openrouter
from shared.answer.dialects.chat import Dialect

DIALECTS: dict[str, Dialect] = {"openrouter": openrouter, "openai": openai}

__all__ = ["DIALECTS", "Dialect"]
