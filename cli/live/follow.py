"""A benchmark, shown until it has ended or somebody has had enough."""

import asyncio
from collections.abc import Awaitable
from typing import Literal

from rich.console import Console

from cli.client import Api
from cli.live.interrupts import Interrupts, can_ask, read_line
from cli.live.lines import Job
from cli.live.screens import Screen, screen_of
from shared.errors import BenchError

QUESTION = (
    "Cancel it, or leave it running? c: cancel, l: leave, Enter: go on watching. "
)
Choice = Literal["cancel", "leave", "watch"]


class LeftRunning(Exception):
    """Somebody does not wait for its end. What to do about it has been said."""


async def follow(
    api: Api, job_id: str, console: Console, *, quiet: bool, goes_on: bool = True
) -> Job:
    """Show it until it has ended; its last state.

    Ctrl-C asks whether to cancel it or to leave it running; where nobody can answer it
    is left. Raises LeftRunning then, and Away where the API has been away for too long.

    goes_on: False where its stack ends with this command: then Ctrl-C cancels it, and a
    second one does not wait for that.
    """
    screen = screen_of(console, quiet=quiet)
    watching = asyncio.ensure_future(_watch(api, job_id, screen))
    try:
        with Interrupts() as interrupts:
            cancelled = False
            while not await _ends_before(interrupts.pressed(), watching):
                screen.rest(keep=True)
                # who presses it after a cancel will not wait
                choice: Choice = "leave" if goes_on or cancelled else "cancel"
                if goes_on and not cancelled and can_ask():
                    screen.say(QUESTION)
                    choice = await _answer(watching, interrupts)
                if choice == "leave":
                    if goes_on:
                        _say_left(api, job_id, screen)
                    raise LeftRunning
                if choice == "cancel":
                    cancelled = await _cancel(api, job_id, screen)
                screen.go_on()
        return watching.result()
    finally:
        screen.rest(keep=False)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(api: Api, job_id: str, screen: Screen) -> Job:
    job: Job = {}
    async for job in api.follow(job_id, screen.say):
        screen.show(job)
    return job


async def _ends_before(other: Awaitable[None], watching: "asyncio.Future[Job]") -> bool:
    """Whether the benchmark ended, or can be watched no more, before the other came."""
    waiting = asyncio.ensure_future(other)
    try:
        await asyncio.wait((watching, waiting), return_when=asyncio.FIRST_COMPLETED)
        return watching.done()
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def _answer(watching: "asyncio.Future[Job]", interrupts: Interrupts) -> Choice:
    """What is typed; the benchmark may end meanwhile, and a second Ctrl-C leaves."""
    typed = asyncio.ensure_future(read_line())
    pressed = asyncio.ensure_future(interrupts.pressed())
    try:
        await asyncio.wait(
            (watching, typed, pressed), return_when=asyncio.FIRST_COMPLETED
        )
        if pressed.done() or (typed.done() and not typed.result()):
            return "leave"
        said = typed.result().strip().lower() if typed.done() else ""
        if said.startswith("c"):
            return "cancel"
        return "leave" if said.startswith("l") else "watch"
    finally:
        for waiting in (typed, pressed):
            waiting.cancel()
        await asyncio.gather(typed, pressed, return_exceptions=True)


async def _cancel(api: Api, job_id: str, screen: Screen) -> bool:
    """Whether it is being cancelled now; what refuses it is said."""
    try:
        await api.cancel(job_id)
    except BenchError as error:  # it may have ended by itself just now
        screen.say(str(error))
        return False
    screen.say("It is being cancelled; what was measured is kept.")
    return True


def _say_left(api: Api, job_id: str, screen: Screen) -> None:
    screen.say(
        f"{job_id} goes on without this terminal.\n"
        f"  To end it: llmbench cancel {job_id}\n"
        f"  To see it: llmbench watch {job_id}\n"
        "  Its rows so far are in the store; at its end they are"
        f" {api.url}/benchmark/{job_id}/samples.csv"
    )
