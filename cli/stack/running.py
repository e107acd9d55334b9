"""A stack for as long as some work takes, or until a signal."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from cli.stack.child import Say
from cli.stack.stack import Stack
from shared.errors import BenchError
from shared.startup.start import exit_code


def run(stack: Stack, say: Say, work: Callable[[Stack], Awaitable[int]]) -> int:
    """Start the stack, do the work, stop the stack; the exit code, 0 where a signal
    came before the work was done.

    The first SIGINT, SIGTERM or SIGHUP stops it cleanly, a second one at once.
    """
    return asyncio.run(_run(stack, say, work))


async def _run(stack: Stack, say: Say, work: Callable[[Stack], Awaitable[int]]) -> int:
    task = asyncio.create_task(_start_and_work(stack, work))
    stops = False

    def interrupt() -> None:
        nonlocal stops
        if stops:
            stack.kill()
        else:
            stops = True
            say("Stopping... (once more: at once)")
            task.cancel()

    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup leaves it
        signals.append(signal.SIGHUP)
    for number in signals:
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    code = 0
    try:
        code = await task
    except asyncio.CancelledError:
        pass
    except BenchError as error:
        print(error, file=sys.stderr)
        code = exit_code(error)
    finally:
        await stack.stop()
    return code


async def _start_and_work(stack: Stack, work: Callable[[Stack], Awaitable[int]]) -> int:
    await stack.start()
    watch = asyncio.ensure_future(stack.watch())
    working = asyncio.ensure_future(work(stack))
    try:
        await asyncio.wait((watch, working), return_when=asyncio.FIRST_COMPLETED)
        if watch.done():  # it never returns: this raises what broke it
            watch.result()
        return working.result()
    finally:
        watch.cancel()
        working.cancel()
        await asyncio.gather(watch, working, return_exceptions=True)
