"""README's picture of the terminal is what the terminal shows.

`python -m tests.cli.test_picture` draws it anew.
"""

import io
import re
from typing import Any

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from cli.live import frame
from cli.report import judge, parse_gate, show
from tests.cli.fixed import done, running
from tests.house import ROOT

PICTURE = ROOT / "docs" / "images" / "terminal.svg"
WIDTH = 120
GATES = ("acme/swift-8b:free: ttft.p95 > 200ms", "acme/orca-pro: success < 99%")
COMMAND = "llmbench run plan.yaml " + " ".join(f"--fail-if '{gate}'" for gate in GATES)


def picture() -> str:
    """A frame in the middle of a benchmark, and the report at its end."""
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    console.print(Text(f"$ {COMMAND}", "bold"), soft_wrap=True)
    console.print(frame(running(), console, 0))
    console.rule()
    job: dict[str, Any] = done()
    judged = judge(map(parse_gate, GATES), job, strict=False)
    show(job, judged, console, where=f"results/{job['job_id']}")
    drawn = console.export_svg(title="llmbench", theme=MONOKAI, unique_id="terminal")
    # rich names a web font and itself; whoever reads offline has neither
    return re.sub(r"@font-face\s*\{.*?\}\s*|<!--.*?-->", "", drawn, flags=re.DOTALL)


def test_the_picture_is_what_the_terminal_shows() -> None:
    """Else draw it anew: python -m tests.cli.test_picture."""
    assert PICTURE.read_text("utf-8") == picture()


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    text = PICTURE.read_text("utf-8")
    places = set(re.findall(r"""(?:https?:)?//[^\s"'<)]+""", text))
    assert places == {"http://www.w3.org/2000/svg"}
    assert "url(http" not in text


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
