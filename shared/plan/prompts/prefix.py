"""A line that makes every request new to the caches on its way."""

from collections.abc import Sequence
from hashlib import blake2b

from shared.plan.prompts.prompt import Message


def unique_prefix(seed: int | str, step: int, slot: int, attempt: int = 0) -> str:
    """A line of 16 hex digits, to stand before the first user text of one call.

    Providers keep the computed beginnings of prompts for some minutes and answer the
    next request with the same beginning faster and cheaper; the second repetition of
    a prompt then measures their cache. A difference in the first characters defends
    against that, and against caches of whole answers. It does not reach a system
    prompt, which stands before it: that stays cacheable, as in production.

    It costs about 10 to 16 prompt tokens a call, and repetitions are then no longer
    the same request: do not use it to see whether answers repeat.

    A pure function. A rerun of the same plan within minutes sends the same lines: give
    it another seed (a run's id may serve).
    """
    key = f"prefix:{seed}:{step}:{slot}:{attempt}".encode()
    return blake2b(key, digest_size=8).hexdigest() + "\n"


def with_prefix(turns: Sequence[Message], prefix: str) -> tuple[Message, ...]:
    """The same turns with `prefix` before the first user text.

    Without a user's turn nothing changes.
    """
    done = list(turns)
    for place, turn in enumerate(done):
        if turn.role == "user":
            done[place] = Message(role="user", content=prefix + turn.content)
            break
    return tuple(done)
