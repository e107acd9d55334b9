"""Upstreams: who is asked, and how what they answer becomes a Reply.

An upstream kind is one module of pure functions (`chat.Dialect`) and one line here.
Sending and stamping exist once, in `wire`; classifying exists once, in `reading`.
"""

from shared.upstream import openai, openrouter
from shared.upstream.chat import Dialect

DIALECTS: dict[str, Dialect] = {"openrouter": openrouter, "openai": openai}
