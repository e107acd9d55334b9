"""Which stack does a job: one that runs, or one that is started for it alone."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.address import LOCK, find
from cli.stack.once import of_settings, simulated, started
from shared.errors import InUse, Misconfigured, MissingKey
from shared.process import is_locked
from shared.settings import Settings
from shared.startup import start


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedStack:
    """What a command was told of the stack that it shall use."""

    url: str | None
    simulate: bool
    data_dir: Path


@dataclass(frozen=True, slots=True)
class ChosenStack:
    """The stack that does the job."""

    url: str
    is_ours: bool
    """It was started for this job, and ends with it."""


@asynccontextmanager
async def chosen(
    wanted: WantedStack, settings: Settings, say: Callable[[str], None]
) -> AsyncIterator[ChosenStack]:
    """The stack, while the block lasts. Says which, since it spends somebody's money.

    Simulated models are always asked by a stack of their own: one that runs may have a
    key.
    """
    if wanted.simulate:
        if wanted.url:
            raise Misconfigured(
                "--simulate starts a stack of its own, and --url names another: leave"
                " one of them out."
            )
        say("Simulated models, by a stack that is started for this benchmark.")
        with simulated(settings.results_dir) as options:
            async with started(options) as stack:
                yield ChosenStack(stack.url, True)
        return
    found = find(wanted.url, wanted.data_dir)
    if found is not None:
        say(f"The stack {found.how} is asked: {found.url}")
        yield ChosenStack(found.url, False)
        return
    _check(settings, wanted.data_dir)
    say(
        f"No stack runs in this folder: one is started for this benchmark, and asks"
        f" {settings.openrouter_base_url}"
    )
    async with started(of_settings(settings, wanted.data_dir)) as stack:
        yield ChosenStack(stack.url, True)


def _check(settings: Settings, data_dir: Path) -> None:
    """Raise Misconfigured for what would keep it from its work, before it is begun."""
    if settings.redis_url is not None:
        raise Misconfigured(
            "REDIS_URL names a store that others may share, and a stack for this"
            " benchmark alone would work on theirs, too, and leave them in the middle."
            " Name the API of that store with --url or LLMBENCH_URL, start a stack that"
            " stays with `llmbench up`, or take REDIS_URL out of the settings."
        )
    if is_locked(data_dir / LOCK):
        raise InUse(
            f"Another benchmark is under way in this folder, with a stack of its own in"
            f" {data_dir}. Wait for it, run `llmbench up` once for both, or give this"
            " one another place: --data-dir DIR"
        )
    seen = start.checks_for("stack", settings)
    if wrong := [each.line for each in seen if each.level == "bad"]:
        raise Misconfigured("\n".join(wrong))
    if settings.api_key() is None and settings.speaks_openrouter:
        raise Misconfigured(
            f"{MissingKey(settings.openrouter_base_url)} Without a key:"
            " llmbench run --simulate"
        )
