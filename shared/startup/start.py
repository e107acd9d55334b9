"""How every process begins: its settings are read, what it needs is looked at, and what
is wrong is said in a line each, before anything is opened.

The process ends with code 2 when a person has to change something before a start can
succeed. What may pass by itself, such as a port that another process holds, ends it
with code 1, and a store that is away with none.
"""

import logging
import os
from collections.abc import Callable, Iterable
from typing import Literal

from shared.errors import BenchError, InUse, Misconfigured
from shared.log import setup
from shared.settings import Settings
from shared.settings.check import Check
from shared.startup import checks
from shared.store import fitness

WRONG = 2
"""The exit code where a person has to change something first."""


def exit_code(error: BenchError) -> int:
    """With which code a process ends that could not begin for this reason."""
    wrong = isinstance(error, Misconfigured) and not isinstance(error, InUse)
    return WRONG if wrong else 1


Part = Literal["api", "worker", "stack", "demo"]
Look = Callable[[Settings], Check | tuple[Check, ...]]


def needs_store(settings: Settings) -> tuple[Check, ...]:
    """That a worker has a store; () when it has."""
    if settings.redis_url is not None:
        return ()
    remedy = "Set it, or run `llmbench up`, which brings its own."
    return (Check("REDIS_URL", "bad", "a worker needs a store.", remedy),)


def _store_or_not(settings: Settings) -> tuple[Check, ...]:
    if settings.redis_url is not None:
        return ()
    sentence = "REDIS_URL is not set: /benchmark answers 503."
    return (Check("store", "warn", sentence, "Set it, or run `llmbench up`."),)


_WORKER: tuple[Look, ...] = (
    *(
        checks.key,
        checks.ca_file,
        checks.named,
        checks.results_dir,
        checks.spool_dir,
        checks.lease,
    ),
)

LOOKS: dict[Part, tuple[Look, ...]] = {
    "api": (
        checks.key,
        checks.ca_file,
        checks.named,
        checks.results_seen,
        _store_or_not,
    ),
    "worker": (*_WORKER, needs_store),
    "stack": _WORKER,
    "demo": (checks.results_dir,),
}
"""What is looked at for each part on its machine; the store comes after these."""


def checks_for(part: Part, settings: Settings) -> tuple[Check, ...]:
    """All that was seen, in the order in which it was looked at."""
    found: list[Check] = []
    for each in LOOKS[part]:
        seen = each(settings)
        found += [seen] if isinstance(seen, Check) else seen
    return tuple(found)


def begin(part: Literal["api", "worker"], *, ask_store: bool = True) -> Settings:
    """The settings of a process that may begin, and its log; else the process ends.

    A SystemExit, since servers that import what we give them (uvicorn, arq) would show
    a traceback for everything else.
    """
    settings, found = checks.read()
    log = setup(settings, part)
    if settings is not None:
        found = (
            *checks.names([*os.environ], settings.upstream_variables),
            *checks_for(part, settings),
        )
        if ask_store:
            found = (*found, *fitness.store(settings))
    try:
        tell(found, log)
    except Misconfigured as error:
        say_wrong(error, log)
    else:
        if settings is not None:
            return settings
    raise SystemExit(WRONG)


def tell(found: Iterable[Check], log: logging.Logger) -> None:
    """Log what may be meant otherwise; raise Misconfigured for what is wrong, with a
    line for each."""
    wrong = []
    for check in found:
        if check.level == "warn":
            log.warning("%s", check.line)
        elif check.level == "bad":
            wrong.append(check.line)
    if wrong:
        raise Misconfigured("\n".join(wrong))


def say_wrong(error: Exception, log: logging.Logger) -> None:
    """Log an error's sentences, a line each."""
    for line in str(error).splitlines():
        log.error("%s", line)
