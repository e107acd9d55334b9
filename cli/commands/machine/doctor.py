"""`llmbench doctor`: what it needs, looked at in turn: a line each, and what to do."""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import httpx
import typer

from cli import exits, show
from cli.client import Api, Refused
from cli.stack import FoundStack, find
from cli.terminal import Url
from shared.clock import wall_s
from shared.errors import CatalogueDown, Misconfigured
from shared.settings import DEFAULT, Settings
from shared.settings.check import Check
from shared.startup import checks, start
from shared.store import fitness
from shared.upstream import Contact, KeyRefused, read_account, wire_of

_MARKS = {"ok": "ok  ", "warn": "look", "bad": "bad "}
MOST_OFF_S = 5.0
"""A clock further off than this is said: the `Date` of an answer has whole seconds."""
_LEAST_CORES = 2


def doctor(url: Url = None) -> None:
    """Look at settings, key, upstream, store, stack, clock and cores; a line each.

    Ends with 2 where a setting is wrong, with 3 where something cannot be reached.

    Example: llmbench doctor
    """
    with _silence():
        _look(url)


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing is logged meanwhile: it is said here, in its place."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _look(url: str | None) -> None:
    settings, found = checks.read()
    named = () if settings is None else settings.upstream_variables
    for check in (*found, *checks.names([*os.environ], named)):
        _tell(check)
    if settings is None:
        raise typer.Exit(exits.USAGE)
    seen = [
        *start.checks_for("stack", settings),
        *_store(settings),
        *asyncio.run(_away(settings, url)),
        _cores(os.cpu_count() or 1, os.getloadavg()[0]),
    ]
    for check in seen:
        _tell(check)
    bad = [check.name.partition(" ")[0] for check in seen if check.level == "bad"]
    away = any(name in _REACHED for name in bad)
    wrong = any(name not in _REACHED for name in bad)
    raise typer.Exit(exits.USAGE if wrong else exits.UNREACHABLE if away else exits.OK)


_REACHED = ("upstream", "stack")


def _tell(check: Check) -> None:
    typer.echo(show.text(f"{_MARKS[check.level]} {check.line}"))


def _store(settings: Settings) -> tuple[Check, ...]:
    if settings.redis_url is None:
        sentence = "REDIS_URL is not set: `llmbench up` and `run` bring their own."
        return (Check("store", "ok", sentence),)
    return fitness.store(settings)


async def _away(settings: Settings, url: str | None) -> list[Check]:
    """The stack, and the upstream that is asked: of a stack that runs its own, which
    need not be that of the settings here."""
    found = find(url)
    if found is None:
        sentence = "none runs in this folder; `llmbench run` starts one for its job."
        return [Check("stack", "ok", sentence), *await _upstreams(settings)]
    stack = await _stack(found)
    if stack.level == "ok":
        return [stack, *await _upstreams_of(found)]
    return [stack, *await _upstreams(settings)]


async def _upstreams_of(found: FoundStack) -> list[Check]:
    """Whom a stack can ask, by its own word: a line for each."""
    try:
        async with Api(found.url) as api:
            names = [each["name"] for each in await api.upstreams()]
            return [check for name in names for check in await _one_of(api, name)]
    except Refused as error:
        return [Check("upstream", "bad", f"that of the stack: {error}")]


async def _one_of(api: Api, name: str) -> list[Check]:
    shown = _shown(name)
    try:
        said = await api.account(name)
        listed = await api.models("all", name)
    except Refused as error:
        return [Check(shown, "bad", f"that of the stack: {error}")]
    words = f"that of the stack: {len(listed)} models. {said['upstream']['words']}"
    if name != DEFAULT:  # whose account is told already
        return [Check(shown, "ok", words)]
    doubts = [Check("account", "warn", doubt) for doubt in said["warnings"]]
    return [Check(shown, "ok", words), *doubts]


def _shown(name: str) -> str:
    return "upstream" if name == DEFAULT else f"upstream {name}"


async def _stack(found: FoundStack) -> Check:
    named = f"that {found.how}, {found.url}"
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            answer = await http.get(f"{found.url.rstrip('/')}/health/ready")
        if answer.is_success:
            return Check("stack", "ok", f"{named}, is ready.")
        why = str(answer.json()["detail"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        why = str(error) or type(error).__name__
    return Check("stack", "bad", f"{named}, is not ready ({why}).", "llmbench up")


async def _upstreams(settings: Settings) -> list[Check]:
    """Each upstream, all of them at once."""
    each = (_upstream(settings.at(name)) for name in settings.upstream_names)
    return [check for found in await asyncio.gather(*each) for check in found]


async def _upstream(settings: Settings) -> list[Check]:
    """Who it is, what it lists, whether it takes the key, and what its clock says."""
    name = _shown(settings.upstream_name)
    try:
        wire = wire_of(settings)
    except Misconfigured as error:
        return [Check(name, "bad", str(error))]
    contact = Contact(wire, settings)
    found: list[Check] = []
    try:
        known = await contact.meet()
        try:
            listed = await contact.catalogue.models()
        except CatalogueDown as error:
            return [Check(name, "bad", str(error))]
        found.append(
            Check(
                name,
                "ok",
                f"{len(listed)} models. {known.upstream.words(known.called)}",
            )
        )
        if known.speaks_openrouter and known.api_key() is not None:
            found.append(await _key(contact))
        if settings.upstream_name == DEFAULT:
            found += await _clock(contact)
        return found
    finally:
        await contact.close()
        await wire.aclose()


async def _key(contact: Contact) -> Check:
    account = await read_account(contact.client, contact.settings.called)
    of = contact.settings.upstream_name
    name = "key" if of == DEFAULT else f"key of {of}"
    if isinstance(account, KeyRefused):
        return Check(name, "bad", str(account))
    if isinstance(account, str):
        return Check(name, "warn", account)
    left = account.limit_remaining_usd
    credit = "" if left is None else f", USD {left:g} left"
    return Check(name, "ok", f"{account.label or 'it'} is accepted{credit}.")


async def _clock(contact: Contact) -> list[Check]:
    before_s = wall_s()
    try:
        answer = await contact.client.get("/models")
        theirs_s = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (httpx.HTTPError, KeyError, ValueError):
        return []
    return [clock((before_s + wall_s()) / 2 - theirs_s)]


def clock(off_s: float) -> Check:
    """What this clock's distance from the upstream's means."""
    if abs(off_s) <= MOST_OFF_S:
        return Check("clock", "ok", f"within {MOST_OFF_S:g} s of the upstream's.")
    return Check(
        "clock",
        "warn",
        f"{off_s:+.0f} s off the upstream's: a day's limits end at another moment.",
        "Let NTP set it.",
    )


def _cores(cores: int, load: float) -> Check:
    said = f"{cores}, load {load:.1f}."
    if cores < _LEAST_CORES or load > cores:
        remedy = "Measure on a machine that has them to itself; see llmbench selftest."
        return Check("cores", "warn", said, remedy)
    return Check("cores", "ok", said)
