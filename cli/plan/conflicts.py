"""Flags that contradict each other: none is dropped, the command is refused."""

from collections.abc import Iterator

from cli.plan.flags import Flags, fields_of_load
from shared.errors import BadPlan

_FIELDS = {"rate": "rate_per_s", "concurrency": "concurrency"}
"""Flags that give a field of the load, and its name there."""

_ALSO = {"duration": "duration_s", "count": "count", "warmup": "warmup"}


def check_flags(flags: Flags) -> None:
    """Raise BadPlan for the first two that cannot both be meant; it names both."""
    for one, other, why in _conflicts(flags):
        raise BadPlan(f"{one} contradicts {other}: {why}")


def _conflicts(flags: Flags) -> Iterator[tuple[str, str, str]]:
    """The two as they were given, and why not both."""
    rate, concurrency = f"--rate {flags.rate}", f"--concurrency {flags.concurrency}"
    if flags.rate is not None and flags.concurrency is not None:
        yield (
            *(rate, concurrency),
            "a load begins so many calls a second, or holds so many open. Leave one"
            " out; the most that a rate may have open is `max_in_flight`, such as"
            " --load poisson,rate_per_s=2,max_in_flight=4",
        )
    if flags.provider is not None and flags.providers is not None:
        yield (
            *(f"--provider {flags.provider}", f"--providers {flags.providers}"),
            "the first asks one provider, the other several. Leave one out.",
        )
    sweep = f"--sweep {flags.sweep}"
    if flags.find and flags.sweep is not None:
        yield (
            *("--find", sweep),
            "a search chooses its values itself, and a sweep has those that you give."
            " Leave one out.",
        )
    for name, given in (("rate", flags.rate), ("concurrency", flags.concurrency)):
        if given is not None:
            yield from _against_the_value(flags, name, given)
    if flags.load is not None:
        yield from _against_the_load(flags, flags.load)


def _against_the_value(
    flags: Flags, name: str, given: str
) -> Iterator[tuple[str, str, str]]:
    """What a sweep or a search has to say against --rate and --concurrency."""
    flag, is_range = f"--{name} {given}", ".." in given
    if flags.sweep is not None and (is_range or name == "concurrency"):
        values = "--rate 1 makes them rates" if is_range else "they are concurrencies"
        yield (
            *(f"--sweep {flags.sweep}", flag),
            f"its values are held one after another, and nothing else. Leave {flag}"
            f" out ({values}).",
        )
    if flags.find and not is_range and name == "concurrency":
        yield (
            *("--find", flag),
            f"a search has a range. Give --concurrency 1..{given}, or leave it out.",
        )


def _against_the_load(flags: Flags, load: str) -> Iterator[tuple[str, str, str]]:
    """What --load already says, or what its kind has no place for."""
    kind, _, rest = load.partition(",")
    said = {part.partition("=")[0].strip() for part in rest.split(",")}
    known = fields_of_load(kind)
    for name, field in (*_FIELDS.items(), *_ALSO.items()):
        given = getattr(flags, name)
        if given is None or not known:  # an unknown kind is told by who reads it
            continue
        flag = f"--{name} {given}"
        if field in said:
            yield f"--load {load}", flag, f"both say `{field}`. Leave one out."
        is_range = name in _FIELDS and ".." in str(given) and not flags.find
        if is_range and kind != "ramp":
            yield (
                *(f"--load {load}", flag),
                f"a range is a ramp, and the load is {kind}. Leave --load out, or"
                " give one value.",
            )
        elif field not in known and not is_range:
            yield (
                *(f"--load {load}", flag),
                f"a load of kind {kind} has no `{field}`. It has"
                f" {', '.join(sorted(known))}.",
            )
