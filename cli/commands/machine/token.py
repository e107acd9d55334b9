"""`llmbench token`: who may ask the API, and for what."""

import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.table import Table

from cli import exits, show
from cli.client import Job
from cli.stack import DATA_DIR, find, keep, known, own_store, revoke
from cli.terminal import Url, ask, attempt, note, read_settings
from shared.access import SCOPES, Scope, Token, mint, shown_once
from shared.clock import utc_label, wall_s
from shared.settings import Settings

COLUMNS = ("name", "id", "scopes", "expires")

Answer = TypeVar("Answer")
Direct = Annotated[
    bool,
    typer.Option(
        "--store",
        help="Ask no API: the store of REDIS_URL, or the folder's own.",
    ),
]
DataDir = Annotated[Path, typer.Option(help="Where the embedded store keeps its data.")]

token = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="""Who may ask the API, and for what.

    With the first token a server is open to nobody without one. The terminal sends that
    of LLMBENCH_TOKEN, of .llmbench/token, or of ~/.config/llmbench/token.

    Example: llmbench token create --name ci --scope run,read --expires 30d
    """,
)


@token.command("create")
def create(
    name: Annotated[str, typer.Option(help="For people, and for turns in the queue.")],
    scope: Annotated[
        str, typer.Option(help=f"With commas: {', '.join(SCOPES)}.")
    ] = "read,run,cancel,content",
    expires: Annotated[
        str | None, typer.Option(help="After so long: 12h, 30d. Not given: never.")
    ] = None,
    store: Direct = False,
    data_dir: DataDir = DATA_DIR,
    url: Url = None,
) -> None:
    """Make a token. Its text is shown once: the last line, and nothing else, of stdout.

    Example: llmbench token create --name ci --scope run,read --expires 30d
    """
    said: Job = {
        "name": name,
        "scopes": _scopes(scope),
        "expires_days": _days(expires),
    }
    if _asks_api(url, store, data_dir):
        made = ask(url, lambda api: api.create_token(said))
        text, token_id = made["token"], made["id"]
    else:
        text, token_id = _in_store(data_dir, lambda u, s: _made(u, s, said))
    note(f"Token {token_id} ({name}) is made. Keep its text: nobody can show it again.")
    typer.echo(text)


@token.command("list")
def list_tokens(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    store: Direct = False,
    data_dir: DataDir = DATA_DIR,
    url: Url = None,
) -> None:
    """All tokens, the oldest first, without their secrets, which nobody has kept.

    Example: llmbench token list
    """
    if _asks_api(url, store, data_dir):
        found = ask(url, lambda api: api.tokens())
    else:
        found = [_shown(each) for each in _in_store(data_dir, lambda u, _: known(u))]
    if as_json:
        typer.echo(show.as_json(found))
    elif show.console.is_terminal:
        show.console.print(_table(found))
    else:
        for each in found:
            typer.echo("\t".join(cells(each)))


@token.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id or name.")],
    store: Direct = False,
    data_dir: DataDir = DATA_DIR,
    url: Url = None,
) -> None:
    """A second later it opens nothing, wherever; streams that it follows end.

    Its benchmarks go on: cancel those that shall not.

    Example: llmbench token revoke ci
    """
    if _asks_api(url, store, data_dir):
        ask(url, lambda api: api.revoke_token(token_id))
    elif not _in_store(data_dir, lambda u, _: _revoked(u, token_id)):
        note(f"There is no token {token_id}. Look: llmbench token list")
        raise typer.Exit(exits.USAGE)
    show.console.print(f"{show.text(token_id)} is revoked.")


def cells(found: Job) -> list[str]:
    """The values of one, in the order of `COLUMNS`."""
    return [
        show.text(found["name"]),
        found["id"],
        ",".join(found["scopes"]),
        show.text(found["expires_at"]),
    ]


def _asks_api(url: str | None, store: bool, data_dir: Path) -> bool:
    """Whether there is an API to be asked; without one the store is written to."""
    return not store and find(url, data_dir) is not None


def _in_store(
    data_dir: Path, work: Callable[[str, Settings], Coroutine[Any, Any, Answer]]
) -> Answer:
    settings = read_settings()

    async def done() -> Answer:
        with own_store(settings, data_dir) as url:
            return await work(url, settings)

    return attempt(done())


async def _made(url: str, settings: Settings, said: Job) -> tuple[str, str]:
    days = said["expires_days"]
    if any(each.name == said["name"] for each in await known(url)):
        note(f"A token is called {said['name']} already. Choose another name.")
        raise typer.Exit(exits.USAGE)
    try:
        made, secret = mint(
            said["name"],
            said["scopes"],
            now=wall_s(),
            valid_s=None if days is None else days * 86_400,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        note(f"{first['loc'][0]}: {first['msg']}.")
        raise typer.Exit(exits.USAGE) from None
    await keep(url, settings, made)
    return shown_once(made, secret), made.id


async def _revoked(url: str, said: str) -> bool:
    found = [each.id for each in await known(url) if said in (each.id, each.name)]
    return bool(found) and await revoke(url, found[0])


def _shown(each: Token) -> Job:
    until = each.expires_at
    return {
        "id": each.id,
        "name": each.name,
        "scopes": sorted(each.scopes),
        "created_at": utc_label(each.created_at),
        "expires_at": None if until is None else utc_label(until),
        "made_by": each.made_by,
    }


def _table(found: list[Job]) -> Table:
    listed = show.table(COLUMNS[0])
    for column in COLUMNS[1:]:
        listed.add_column(column, overflow="fold")
    for each in found:
        listed.add_row(*cells(each))
    return listed


def _scopes(said: str) -> list[Scope]:
    names = [part.strip() for part in said.split(",") if part.strip()]
    wrong = [name for name in names if name not in list(SCOPES)]
    if wrong or not names:
        raise typer.BadParameter(
            f"`{said}` is no list of scopes. There are: {', '.join(SCOPES)}.",
            param_hint="--scope",
        )
    return [Scope(name) for name in names]


def _days(said: str | None) -> float | None:
    if said is None:
        return None
    found = re.fullmatch(r"(\d{1,6})([hd])", said)
    if found is None or not int(found[1]):
        raise typer.BadParameter(
            f"`{said}` is no time. Write 12h or 30d.", param_hint="--expires"
        )
    return int(found[1]) / (24 if found[2] == "h" else 1)
