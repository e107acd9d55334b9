"""The flags that change a plan, as the command line has them.

Their names are those of `flags.Flags`, so that a command hands on what it was given.
"""

from typing import Annotated

import typer

_WHOM, _LOAD, _MORE = "Whom to ask, and what", "Under which load", "Money and names"

Model = Annotated[
    list[str] | None,
    typer.Option(
        rich_help_panel=_WHOM,
        help="[UPSTREAM::]MODEL\\[@PROVIDER]; may be given several times. UPSTREAM is a"
        " table of UPSTREAMS_FILE.",
    ),
]
Provider = Annotated[
    str | None,
    typer.Option(rich_help_panel=_WHOM, help="Pin every target to this provider."),
]
Providers = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_WHOM,
        metavar="all|N",
        help="A target for each healthy provider of a model, or for the N cheapest.",
    ),
]
Runs = Annotated[
    int | None,
    typer.Option(rich_help_panel=_WHOM, help="Times each prompt is asked; 5."),
]
MaxTokens = Annotated[
    int | None, typer.Option(rich_help_panel=_WHOM, help="Of each answer; 512.")
]
Temperature = Annotated[float | None, typer.Option(rich_help_panel=_WHOM)]
Seed = Annotated[
    int | None, typer.Option(rich_help_panel=_WHOM, help="Sent to the upstream.")
]
SystemPrompt = Annotated[
    str | None, typer.Option(rich_help_panel=_WHOM, help="Sent before each prompt.")
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream", rich_help_panel=_WHOM, help="Without it, no TTFT."
    ),
]
KeepAnswers = Annotated[
    str | None, typer.Option(rich_help_panel=_WHOM, help="first, none or all.")
]
CheckText = Annotated[
    list[str] | None,
    typer.Option(
        "--check",
        rich_help_panel=_WHOM,
        metavar="KIND=VALUE",
        help="What every answer must be like: contains=Paris, `regex=^[A-Z]`,"
        " max_words=50; may be given several times (docs/checks.md).",
    ),
]
Retries = Annotated[
    int | None,
    typer.Option(rich_help_panel=_WHOM, help="Of a call that failed; each is a row."),
]

Concurrency = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_LOAD,
        help="Calls open at once; LOW..HIGH is a ramp, or the range of --find.",
    ),
]
Rate = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_LOAD,
        help="Calls begun per second, as independent arrivals; LOW..HIGH as above.",
    ),
]
Load = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_LOAD,
        help="Its kind, and fields of it: poisson, constant, `burst,size=50`,"
        " `ramp,over=rate,start=1,end=20` (docs/loads.md).",
    ),
]
Duration = Annotated[
    float | None,
    typer.Option(rich_help_panel=_LOAD, help="Seconds; begin nothing later."),
]
Count = Annotated[
    int | None,
    typer.Option(rich_help_panel=_LOAD, help="Calls of each step, whatever --runs."),
]
Warmup = Annotated[
    int | None,
    typer.Option(rich_help_panel=_LOAD, help="Calls made first, and not counted."),
]
Sweep = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_LOAD,
        help="Values one after another: 1,2,4,8. Of the rate, where there is one.",
    ),
]
UntilDecided = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_LOAD,
        metavar="METRIC,...",
        help="End once all targets are told apart in these: ttft, latency, tpot, cost,"
        " success.",
    ),
]
Margin = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_LOAD,
        metavar="5%",
        help="Of --until-decided: the difference that matters to nobody.",
    ),
]
Find = Annotated[
    bool,
    typer.Option(
        "--find",
        rich_help_panel=_LOAD,
        help="Search the highest load that meets --slo.",
    ),
]
SloText = Annotated[
    str | None,
    typer.Option(
        "--slo", rich_help_panel=_LOAD, help="What is good enough: ttft=1,latency=10"
    ),
]

MaxCostUsd = Annotated[
    float | None,
    typer.Option(
        rich_help_panel=_MORE, help="A budget; no call begins that may exceed it."
    ),
]
Name = Annotated[
    str | None, typer.Option(rich_help_panel=_MORE, help="What people call it.")
]
Tag = Annotated[
    list[str] | None,
    typer.Option(rich_help_panel=_MORE, help="May be given several times."),
]
