"""`llmbench generate`: one prompt, and its answer as it comes."""

import sys
from typing import Annotated, Any

import typer

from cli import exits, show
from cli.client import Api
from cli.plan.flags import target
from cli.preflight import Looked, line
from cli.terminal import Url, ask, note


def generate(
    prompt: Annotated[str, typer.Argument(help="The prompt; - is standard input.")],
    model: Annotated[str, typer.Option(help="[UPSTREAM::]MODEL\\[@PROVIDER].")],
    max_tokens: Annotated[int, typer.Option(help="Of the answer.")] = 512,
    system_prompt: Annotated[str | None, typer.Option()] = None,
    temperature: Annotated[float | None, typer.Option()] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    stream: Annotated[bool, typer.Option("--stream/--no-stream")] = True,
    url: Url = None,
) -> None:
    """Ask one model one thing; the answer goes to standard output as it comes.

    What it took and cost is said beside it, on standard error.

    Example: llmbench generate "Why is the sky blue?" --model acme/swift-8b:free
    """
    given = {
        "prompt": sys.stdin.read() if prompt == "-" else prompt,
        "max_tokens": max_tokens,
        "system_prompt": system_prompt,
        "temperature": temperature,
        "seed": seed,
        "stream": stream,
        **target(model),
    }
    question = {name: value for name, value in given.items() if value is not None}

    async def asked(api: Api) -> dict[str, Any]:
        async for said in api.generate(question):
            if isinstance(said, dict):
                if not stream:
                    sys.stdout.write(_shown(said["response"]))
                return said
            sys.stdout.write(_shown(said))
            sys.stdout.flush()
        return {}

    answer = ask(url, asked)
    sys.stdout.write("\n")
    sys.stdout.flush()
    note(line(Looked(show.text(answer.get("model")), answer, None)))
    tokens = (answer.get("prompt_tokens"), answer.get("completion_tokens"))
    note(f"Tokens: {show.text(tokens[0])} in, {show.text(tokens[1])} out")
    raise typer.Exit(exits.OK)


def _shown(text: str) -> str:
    """An answer on a terminal: with its lines, and nothing that moves the cursor."""
    return show.lines(text) if sys.stdout.isatty() else text
