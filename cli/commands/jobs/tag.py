"""`llmbench tag`: what people say of a benchmark."""

from typing import Annotated

import typer

from cli import show
from cli.client import Api, Job
from cli.ids import whole
from cli.terminal import Url, ask, note


def tag(
    job: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    tags: Annotated[
        list[str] | None, typer.Argument(help="Tags that it has from now on, too.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="A tag that it has no longer.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help='A name for people; "" takes it away.')
    ] = None,
    text: Annotated[
        str | None, typer.Option("--note", help='A note; "" takes it away.')
    ] = None,
    url: Url = None,
) -> None:
    """Tag a benchmark, name it, note something; without any of that, show it.

    Example: llmbench tag 01JZ8M5T7Q4W9E2R6Y8V0B3N5C nightly --name "new driver"
    """
    gone = {each.casefold() for each in remove or ()}

    async def say(api: Api) -> Job:
        job_id = await whole(api, job)
        said: Job = {}
        if tags or gone:
            has = (await api.job(job_id))["tags"]
            for each in sorted(gone - {one.casefold() for one in has}):
                there = f"It has {', '.join(has)}." if has else "It has none."
                note(f"{job_id} had no tag `{each}`. {there}")
            kept = [each for each in has if each.casefold() not in gone]
            said["tags"] = list(dict.fromkeys([*kept, *(tags or ())]))
        if name is not None:
            said["name"] = name or None
        if text is not None:
            said["note"] = text or None
        return await (api.describe(job_id, said) if said else api.job(job_id))

    told = ask(url, say)
    show.console.print(told["job_id"])
    for field in ("name", "tags", "note"):
        value = told[field]
        value = ", ".join(value) if isinstance(value, list) else value
        show.console.print(f"  {field}: {show.text(value or None)}", soft_wrap=True)
