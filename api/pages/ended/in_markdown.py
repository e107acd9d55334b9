"""The report in Markdown: what can be said without pictures."""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.standards.markdown import escaped


def markdown_report(
    every: Sequence[dict[str, Any]], compared: dict[str, Any] | None
) -> str:
    """Of some runs, and of their comparison."""
    lines: list[str] = []
    for one in every:
        lines += _run(one)
    if compared is not None:
        lines += ["## Comparison", "", compared["markdown"], ""]
        found = compared["found"]
        if compared["front"]:
            lines += [escaped(compared["front"]), ""]
        lines += [f"- {escaped(pair.sentence)}" for pair in found.verdicts]
        lines += [
            f"- They differ in {escaped(each.what)}: "
            + escaped(" and ".join(each.values))
            for each in found.differences
        ]
        if found.left_out:
            lines += [f"- Left out: {escaped('; '.join(found.left_out))}."]
        lines += [f"- {escaped(note)}" for note in found.notes]
    return "\n".join(lines).rstrip() + "\n"


def _run(one: dict[str, Any]) -> Iterator[str]:
    job, verdict = one["job"], one["verdict"]
    yield f"# {escaped(one['name'])}"
    yield ""
    yield f"`{job.job_id}`, {job.status}; {job.progress.closed:,} calls, of which"
    yield f"{job.progress.failed:,} failed. Began {job.started_at or job.created_at}."
    yield ""
    yield "".join(
        f"**{escaped(w.text)}**" if w.bold else escaped_keeping_ends(w.text)
        for w in one["said"]
    )
    yield ""
    for sentence in one["answered"]:
        yield f"- {escaped(sentence)}"
    if one["answered"]:
        yield ""
    if verdict:
        yield f"Verdict: **{verdict['kind']}**."
        for each in (*verdict["reasons"], *verdict["notes"]):
            said = f"{each['words']} {each['remedy']}"
            yield f"- {each['kind']}: {escaped(said)}"
        yield ""
    yield one["table_markdown"]
    yield ""
    for title, sheet in (
        ("Stream integrity", one["integrity"]),
        ("Providers, as listed and as measured", one["listed"]),
    ):
        if sheet is None:
            continue
        yield f"## {title}"
        yield ""
        if sheet.lines:
            yield sheet.markdown
            yield ""
        yield escaped(sheet.note)
        yield ""
    if one["data"].failures:
        yield "| outcome | message | calls |"
        yield "| --- | --- | --: |"
        for group in one["data"].failures:
            message = escaped(group.message or "")
            yield f"| {escaped(group.outcome)} | {message} | {group.calls:,} |"
        yield ""
    for name, text in (*one["plan_facts"], *one["machine_facts"]):
        yield f"- {name}: {escaped(text)}"
    yield ""


def escaped_keeping_ends(text: str) -> str:
    """A piece of a sentence, with the blanks at its ends."""
    begin = " " if text[:1].isspace() else ""
    end = " " if text[-1:].isspace() else ""
    return f"{begin}{escaped(text)}{end}"
