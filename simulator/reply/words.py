"""The words: how a prompt's tokens are counted, and what the models reply.

A token is a word or a punctuation mark: `[^\\W_]+|_+` or any other single character
that is not blank. The reply is cut the same way, so what was sent can be counted with
the same rule. Its sentences belong to no language, but they quote the prompt.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any

_TOKEN = re.compile(r"[^\W_]+|_+|[^\w\s]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_STOCK = _WORD.findall(
    "alba mira terra luna sole vento fiume ponte strada casa porta lume canto verde "
    "pietra onda stella seme radice foglia sale pane neve oro ora passo tono valle"
)


@lru_cache(maxsize=512)
def count_tokens(text: str) -> int:
    """Words and punctuation marks in `text`.

    >>> count_tokens("Capital of Portugal?")
    4
    """
    return len(_TOKEN.findall(text))


def cut(text: str) -> tuple[str, ...]:
    """A text in pieces, a token each; joining them is the text.

    >>> cut("It is.")
    ('It', ' is', '.')
    """
    ends = [found.end() for found in _TOKEN.finditer(text)]
    return tuple(text[a:b] for a, b in zip([0, *ends], ends, strict=False))


def prompt_text(messages: list[Any]) -> str:
    """Every text of the messages, in order, with a line feed between two.

    A prompt of one user message is that message's text and nothing else.
    """
    texts: list[str] = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            texts.append(content)
        elif isinstance(content, list):
            parts = (part.get("text") for part in content if isinstance(part, dict))
            texts.extend(text for text in parts if isinstance(text, str))
    return "\n".join(texts)


@lru_cache(maxsize=512)
def pieces(
    speaker: str, prompt: str, tokens: int, *, closed: bool = False
) -> tuple[str, ...]:
    """The reply of `speaker` to `prompt`, a token each; the same for ever.

    shape (tokens,); a piece carries the blank before it, so joining them is the text.
    `closed` ends it with a full stop rather than in the middle of a sentence.
    """
    said = list(islice(_speech(speaker, prompt), tokens))
    if closed and tokens > 1:
        if said[-2] in (",", "."):
            said[-2] = " sempre"
        said[-1] = "."
    return tuple(said)


def _speech(speaker: str, prompt: str) -> Iterator[str]:
    rng = Random(f"{speaker}\n{prompt}".encode(errors="surrogatepass"))
    own = _WORD.findall(prompt[:4_000])
    if own:
        yield "«"
        yield own[0]
        yield from (f" {word}" for word in own[1:5])
        yield "»"
        yield ":"
    words = [word.lower() for word in own[:24]] + _STOCK
    blank = " " if own else ""
    while True:
        length = rng.randint(4, 9)
        comma = rng.randint(2, 6)
        for i in range(length):
            word = rng.choice(words)
            yield blank + (word.capitalize() if i == 0 else word)
            blank = " "
            if i == comma and i < length - 1:
                yield ","
        yield "."
