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
from shared.settings import Settings
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
    for check in (*found, *checks.names([*os.environ])):
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
    away = any(check.level == "bad" and check.name in _REACHED for check in seen)
    wrong = any(check.level == "bad" and check.name not in _REACHED for check in seen)
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
        return [Check("stack", "ok", sentence), *await _upstream(settings)]
    stack = await _stack(found)
    if stack.level == "ok":
        return [stack, *await _upstream_of(found)]
    return [stack, *await _upstream(settings)]


async def _upstream_of(found: FoundStack) -> list[Check]:
    """Whom a stack asks, by its own word."""
    name = "upstream"
    try:
        async with Api(found.url) as api:
            said = await api.account()
            listed = await api.models("all")
    except Refused as error:
        return [Check(name, "bad", f"that of the stack: {error}")]
    words = f"that of the stack: {len(listed)} models. {said['upstream']['words']}"
    doubts = [Check("account", "warn", doubt) for doubt in said["warnings"]]
    return [Check(name, "ok", words), *doubts]


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


async def _upstream(settings: Settings) -> list[Check]:
    """Who it is, what it lists, whether it takes the key, and what its clock says."""
    name = "upstream"
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
            Check(name, "ok", f"{len(listed)} models. {known.upstream.words()}")
        )
        if known.speaks_openrouter and known.api_key() is not None:
            found.append(await _key(contact))
        found += await _clock(contact)
        return found
    finally:
        await contact.close()
        await wire.aclose()


async def _key(contact: Contact) -> Check:
    account = await read_account(contact.client)
    if isinstance(account, KeyRefused):
        return Check("key", "bad", str(account))
    if isinstance(account, str):
        return Check("key", "warn", account)
    left = account.limit_remaining_usd
    credit = "" if left is None else f", USD {left:g} left"
    return Check("key", "ok", f"{account.label or 'it'} is accepted{credit}.")


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
