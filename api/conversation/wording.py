"""A conversation with a model that may refuse the form of the request."""

import logging
from contextlib import aclosing
from dataclasses import replace

from api.conversation.converse import Conversation, Ended, converse
from shared import tracing
from shared.answer import Ask
from shared.answer.wording import USUAL, fixed
from shared.upstream import Contact, dialect_of

log = logging.getLogger(__name__)


def ask_in_words(contact: Contact, ask: Ask) -> Conversation:
    """`converse`, begun again where the model refuses the form of the request: the name
    of a field, say.

    The process keeps what a model accepts, so that this happens once for each.
    Raises MissingKey and Misconfigured at once.
    """
    return _conversation(contact, ask, contact.settings.require_key())


def reworded(contact: Contact, model: str) -> str | None:
    """How a model is asked that refuses the usual request; None for others."""
    known = contact.wordings.get(model, USUAL)
    return fixed(contact.settings, bounded=False).because(known) or None


async def _conversation(contact: Contact, ask: Ask, key: str | None) -> Conversation:
    settings, known = contact.settings, contact.wordings
    choice = fixed(settings, bounded=False)
    while True:
        wording = choice.of(known.get(ask.model, USUAL))
        worded = replace(
            ask,
            limit_field=wording.limit_field,
            stream_options=wording.stream_options,
        )
        better = None
        talk = converse(
            contact.wire,
            dialect_of(settings),
            settings,
            key,
            worded,
            tracing.current(),
        )
        async with aclosing(talk):
            async for said in talk:
                if isinstance(said, Ended):
                    better = choice.learnt_of(wording, said.reply)
                if better is None:
                    yield said
        if better is None:
            return
        known[ask.model] = better
        log.info("a model is asked %s from now on", better.words())
