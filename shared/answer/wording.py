"""How a request says what it asks, where upstreams differ: the field that bounds the
answer, and whether a stream may be asked for its usage.

Most take `max_tokens` and `stream_options`; some models want `max_completion_tokens`,
some servers refuse what they do not know. Where the settings and the plan leave it to
us (`auto`), a refusal by the upstream shows that the other form has to be used.
"""

import re
from dataclasses import dataclass, replace

from shared.answer.reply import LimitField, Reply
from shared.plan import Plan
from shared.settings import Settings

_REFUSALS = (400, 422)
_NEXT: dict[LimitField, LimitField] = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "none",
}
_UNKNOWN = re.compile(
    r"unsupported param|not supported|is unsupported|unrecogni[sz]ed|unknown|unexpected"
    r"|not permitted|extra_forbidden|additional propert|deprecated"
    r"|use ['\"`]?max_completion_tokens",
    re.IGNORECASE,
)
"""That a field is refused as such: not that its value is too large."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How one model is asked."""

    limit_field: LimitField = "max_tokens"
    """Where `max_tokens` of the plan stands; `none`: nothing bounds the answer."""
    stream_options: bool = True
    """Whether a stream is asked for its usage; only where the dialect needs that."""

    def words(self) -> str:
        """How it differs from the usual; "" where it does not."""
        said = []
        if self.limit_field != "max_tokens":
            instead = (
                "without a limit of tokens"
                if self.limit_field == "none"
                else f"with `{self.limit_field}`"
            )
            said.append(f"{instead} in place of `max_tokens`")
        if not self.stream_options:
            said.append("without `stream_options`")
        return " and ".join(said)


USUAL = Wording()


@dataclass(frozen=True, slots=True)
class Choice:
    """What the plan, or else the settings, have fixed; None: to be learnt."""

    limit_field: LimitField | None
    stream_options: bool | None
    bounded: bool
    """A budget has to be kept, so some field must bound the answer."""

    def of(self, known: Wording) -> Wording:
        """How to ask, where `known` was learnt of the model."""
        options = self.stream_options
        if options is None:
            options = known.stream_options
        fixed = Wording(self.limit_field or known.limit_field, options)
        if self.bounded and self.limit_field is None and fixed.limit_field == "none":
            return replace(fixed, limit_field="max_tokens")
        return fixed

    def because(self, known: Wording) -> str:
        """How the model is asked because of what was learnt; "" where that is as it
        would be without."""
        found = self.of(known)
        return "" if found == self.of(USUAL) else found.words()

    def learnt_of(self, asked: Wording, reply: Reply) -> Wording | None:
        """How to ask instead of `asked`; None: it was not refused for that."""
        if reply.status not in _REFUSALS or not reply.error:
            return None
        return self.learnt(asked, reply.error)

    def learnt(self, asked: Wording, error: str) -> Wording | None:
        """How to ask instead, after a 400 or 422 that said `error`; None: the refusal
        is about something else, and asking otherwise would not help.

        >>> choice = Choice(None, None, bounded=False)
        >>> choice.learnt(Wording(), "Unsupported parameter: 'max_tokens'")
        Wording(limit_field='max_completion_tokens', stream_options=True)
        >>> choice.learnt(Wording(), "max_tokens is too large: 9000")
        """
        if not _UNKNOWN.search(error):
            return None
        if (
            asked.stream_options
            and self.stream_options is None
            and _names("stream_options", error)
        ):
            return replace(asked, stream_options=False)
        following = _NEXT.get(asked.limit_field)
        if (
            following is None
            or self.limit_field is not None
            or not _names(asked.limit_field, error)
            or (self.bounded and following == "none")
        ):
            return None
        return replace(asked, limit_field=following)


def fixed(settings: Settings, *, bounded: bool) -> Choice:
    """What the settings say of it."""
    field = settings.upstream_max_tokens_field
    options = settings.upstream_stream_options
    return Choice(
        None if field == "auto" else field,
        None if options == "auto" else options == "on",
        bounded,
    )


def choice_of(plan: Plan, settings: Settings, *, bounded: bool) -> Choice:
    """What a plan says of it, or else the settings."""
    choice = fixed(settings, bounded=bounded)
    if plan.max_tokens_field is not None:
        field = plan.max_tokens_field
        choice = replace(choice, limit_field=None if field == "auto" else field)
    if plan.stream_options is not None:
        choice = replace(choice, stream_options=plan.stream_options)
    return choice


def _names(field: str, error: str) -> bool:
    return re.search(rf"(?<!\w){field}(?!\w)", error) is not None
