"""What the flags say, as fields of a plan; they win over the file."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from pydantic import BaseModel

from cli.plan.check_flag import set_checks
from shared.errors import BadPlan
from shared.plan import Slo, split_upstream
from shared.plan.loads import SHAPES

Record = dict[str, Any]

_TIME = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)")
_OPEN = ("constant", "poisson", "burst")
_LOW, _HIGH = 1, 256
"""Between these a search over the concurrency looks, where no range is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags that change a plan, as they were given; None: not given."""

    model: list[str] | None = None
    provider: str | None = None
    providers: str | None = None
    runs: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    system_prompt: str | None = None
    stream: bool | None = None
    concurrency: str | None = None
    rate: str | None = None
    load: str | None = None
    duration: float | None = None
    count: int | None = None
    warmup: int | None = None
    sweep: str | None = None
    find: bool = False
    until_decided: str | None = None
    margin: str | None = None
    slo: str | None = None
    check: list[str] | None = None
    retries: int | None = None
    max_cost_usd: float | None = None
    keep_answers: str | None = None
    name: str | None = None
    tag: list[str] | None = None


def merged(record: Record, flags: Flags) -> tuple[Record, dict[str, str]]:
    """The record with what the flags say, and which flag set which field."""
    record, came = dict(record), dict[str, str]()
    for path, flag, value in (*_plain(flags), *_targets(record, flags)):
        record[path] = value
        came[path] = flag
    set_checks(record, came, flags.check)
    if flags.slo is not None:
        record["slo"] = {**(record.get("slo") or {}), **slo(flags.slo)}
        came["slo"] = "--slo"
    _set_until(record, came, flags)
    _set_load(record, came, flags)
    if flags.sweep is not None:
        record.pop("find", None)
        over = "rate" if _is_over_rate(record) else "concurrency"
        values = [_number(each, "--sweep") for each in flags.sweep.split(",")]
        record["sweep"] = {"over": over, "values": values}
        came["sweep"] = "--sweep"
    return record, came


def _plain(flags: Flags) -> Iterator[tuple[str, str, object]]:
    """Flags that are a field of the plan under their own name, or nearly."""
    for name in (
        *("runs", "max_tokens", "temperature", "seed", "system_prompt", "stream"),
        *("max_cost_usd", "keep_answers", "name"),
    ):
        value = getattr(flags, name)
        if value is not None:
            flag = "no-stream" if name == "stream" else name.replace("_", "-")
            yield name, f"--{flag}", value
    if flags.tag:
        yield "tags", "--tag", flags.tag
    if flags.retries is not None:
        retries = {"max": flags.retries} if flags.retries else None
        yield "retries", "--retries", retries


def _targets(record: Record, flags: Flags) -> Iterator[tuple[str, str, object]]:
    targets = [target(each) for each in flags.model or ()]
    several = flags.providers is not None
    if not targets and (several or flags.provider is not None):
        listed = record.get("targets")
        targets = [dict(each) for each in listed] if isinstance(listed, list) else []
    if flags.provider is not None:
        targets = [{"provider": flags.provider, **each} for each in targets]
    if several:
        targets = [_at_several(each, str(flags.providers)) for each in targets]
    flag = "--model" if flags.model else "--providers" if several else "--provider"
    if targets:
        yield "targets", flag, targets


def _at_several(target: Record, providers: str) -> Record:
    """A target for each provider of a model; one that is pinned stays that."""
    if target.get("provider"):
        return target
    return {**target, "providers": int(n) if (n := providers).isdecimal() else n}


def target(text: str) -> Record:
    """A target as it is shown: `[upstream::]model[@provider]`.

    >>> target("acme/swift-8b@acme/fp8"), target("@cf/meta/llama")
    ({'model': 'acme/swift-8b', 'provider': 'acme/fp8'}, {'model': '@cf/meta/llama'})
    >>> target("vllm::qwen/qwen2.5:7b")
    {'upstream': 'vllm', 'model': 'qwen/qwen2.5:7b'}
    """
    upstream, rest = split_upstream(text)
    where = {"upstream": upstream} if upstream else {}
    model, _, provider = rest.rpartition("@")
    if not model:
        return {**where, "model": rest}
    return {**where, "model": model, "provider": provider}


def slo(text: str) -> Record:
    """Thresholds as `--slo` takes them.

    >>> slo("ttft=1,latency=10")
    {'ttft_s': 1, 'latency_s': 10}
    >>> slo("ttft=800ms,latency=10s")
    {'ttft_s': 0.8, 'latency_s': 10}
    """
    found: Record = {}
    for name, value in _pairs(text, "--slo"):
        field = name if name.endswith("_s") else f"{name}_s"
        if field not in Slo.model_fields:
            known = [each.removesuffix("_s") for each in Slo.model_fields]
            raise BadPlan(_unknown("--slo", name, known), "slo")
        found[field] = _seconds(value)
    return found


def _seconds(value: object) -> object:
    """As a gate has it, `800ms` or `1s`; a bare number is in seconds. What else it may
    be is told by the plan."""
    form = _TIME.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        return value
    found = float(form[1]) / (1000 if form[2] == "ms" else 1)
    return int(found) if found.is_integer() else found


def _set_load(record: Record, came: dict[str, str], flags: Flags) -> None:
    """`load`, and `find` with its range."""
    given = record.get("load")
    load: Record = dict(given) if isinstance(given, dict) else {}
    if flags.load is not None:
        kind, _, rest = flags.load.partition(",")
        if kind not in (kinds := _kinds()):
            raise BadPlan(_unknown("--load", kind, kinds), "load")
        load = load if load.get("kind", "concurrency") == kind else _kept(load)
        load |= {"kind": kind, **dict(_pairs(rest, "--load") if rest else ())}
        came["load"] = "--load"
    for name, text in (("rate", flags.rate), ("concurrency", flags.concurrency)):
        if text is None:
            continue
        came["load"] = f"--{name}"
        low, dots, high = text.partition("..")
        values = [
            _number(each, f"--{name}") for each in ((low, high) if dots else [low])
        ]
        if not dots:
            load = _at(load, name, values[0], chosen=flags.load is not None)
        elif flags.find:
            load = _at(load, name, values[0], chosen=flags.load is not None)
            record["find"] = {"over": name, "low": values[0], "high": values[1]}
        else:
            ends = {"start": values[0], "end": values[1]}
            load = {**_kept(load), "kind": "ramp", "over": name, **ends}
    for name, value in (
        ("duration_s", flags.duration),
        ("count", flags.count),
        ("warmup", flags.warmup),
    ):
        if value is not None:
            load[name] = value
            came[f"load.{name}"] = f"--{name.removesuffix('_s')}"
    if load:
        record["load"] = load
    if flags.find:
        _set_find(record, came)


def _set_until(record: Record, came: dict[str, str], flags: Flags) -> None:
    """`until`: which metrics are to be decided, and by how much."""
    given = record.get("until")
    until: Record = dict(given) if isinstance(given, dict) else {}
    if flags.until_decided is not None:
        until["decided"] = [name.strip() for name in flags.until_decided.split(",")]
        came["until"] = "--until-decided"
    if flags.margin is not None:
        if "decided" not in until:
            raise BadPlan(
                f"--margin {flags.margin} needs --until-decided, whose margin it is",
                "until",
            )
        text = flags.margin  # `5%` is understood by the plan
        until["margin"] = text if text[-1:] == "%" else _number(text, "--margin")
        came["until.margin"] = "--margin"
    if until:
        record["until"] = until


def _set_find(record: Record, came: dict[str, str]) -> None:
    record.pop("sweep", None)
    came["find"] = "--find"
    if "find" in record:
        return
    if _is_over_rate(record):
        raise BadPlan(
            "--find over a rate needs its range: --rate LOW..HIGH, such as --rate"
            " 0.5..32",
            "find",
        )
    record["find"] = {"over": "concurrency", "low": _LOW, "high": _HIGH}


def _at(load: Record, name: str, value: float, *, chosen: bool) -> Record:
    """The load at this rate or concurrency. A rate needs an open load: the one that is
    there or was chosen, else independent arrivals."""
    if name == "concurrency":
        is_closed = load.get("kind", "concurrency") == "concurrency"
        load = load if chosen or is_closed else {**_kept(load), "kind": "concurrency"}
        return {**load, "concurrency": value}
    if not chosen and load.get("kind") not in ("constant", "poisson"):
        load = {**_kept(load), "kind": "poisson"}
    return {**load, "rate_per_s": value}


def fields_of_load(kind: str) -> frozenset[str]:
    """The fields of a kind of load; none of one that there is not."""
    shapes = {shape.model_fields["kind"].default: shape for shape in _shapes()}
    found = shapes.get(kind)
    return frozenset(found.model_fields) - {"kind"} if found else frozenset()


def _kinds() -> list[str]:
    """The kinds of load that a plan may have."""
    return [shape.model_fields["kind"].default for shape in _shapes()]


def _shapes() -> tuple[type[BaseModel], ...]:
    return cast("tuple[type[BaseModel], ...]", SHAPES)


def _kept(load: Record) -> Record:
    """What a load of another kind has as well."""
    return {
        name: load[name] for name in ("count", "duration_s", "warmup") if name in load
    }


def _is_over_rate(record: Record) -> bool:
    load = record.get("load")
    return isinstance(load, dict) and load.get("kind") in _OPEN


def _pairs(text: str, flag: str) -> Iterator[tuple[str, Any]]:
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not (name and equals and value):
            raise BadPlan(f"{flag} {part!r}: write NAME=VALUE,NAME=VALUE")
        try:
            yield name, json.loads(value)
        except ValueError:
            yield name, value


def _number(text: str, flag: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadPlan(f"{flag}: {text!r} is no number.") from None
    return int(value) if value.is_integer() else value


def _unknown(flag: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"{flag}: {name!r} is not known.{meant} There are {', '.join(known)}."
