"""Where a benchmark that runs is shown: a terminal, a log, or nowhere."""

from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from cli.live.frame import frame
from cli.live.lines import Job, plain
from cli.show import lines
from shared.clock import monotonic_s, wall_s

FRAME_S = 0.25
LINE_S = 5.0


class Screen(Protocol):
    """Shows one state after another."""

    def show(self, job: Job) -> None:
        """The state now."""

    def say(self, words: str) -> None:
        """A sentence beside it."""

    def rest(self, *, keep: bool) -> None:
        """Draw no state from now on. keep: leave the last frame there."""

    def go_on(self) -> None:
        """Draw them again."""


class Nowhere:
    """`--quiet`: only what went wrong is said."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, job: Job) -> None:
        """Nothing."""

    def say(self, words: str) -> None:
        """As a line."""
        self._console.print(Text(lines(words)), soft_wrap=True)

    def rest(self, *, keep: bool) -> None:
        """Nothing."""

    def go_on(self) -> None:
        """Nothing."""


class Log(Nowhere):
    """Without a terminal: a line every few seconds, and at each change of state."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._said_s = -LINE_S
        self._status = ""

    def show(self, job: Job) -> None:
        """A line, if it is time for one."""
        now_s = monotonic_s()
        if job["status"] == self._status and now_s - self._said_s < LINE_S:
            return
        self._status, self._said_s = job["status"], now_s
        self.say(plain(job, wall_s()))


class Terminal(Nowhere):
    """A frame that is drawn over the last one, at most four times a second."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._live: Live | None = None
        self._drawn_s = -FRAME_S
        self._rests = False

    def show(self, job: Job) -> None:
        """A frame, unless the last one is too fresh."""
        now_s = monotonic_s()
        if self._rests or now_s - self._drawn_s < FRAME_S * 0.9:
            return
        self._drawn_s = now_s
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self._live.update(frame(job, self._console, wall_s()), refresh=True)

    def rest(self, *, keep: bool) -> None:
        """The next frame is drawn below."""
        self._rests = True
        if self._live is not None:
            self._live.transient = not keep
            self._live.stop()
        self._live, self._drawn_s = None, -FRAME_S

    def go_on(self) -> None:
        """With a new frame."""
        self._rests = False


def screen_of(console: Console, *, quiet: bool) -> Screen:
    """What this console can show."""
    if quiet:
        return Nowhere(console)
    return Terminal(console) if console.is_terminal else Log(console)
