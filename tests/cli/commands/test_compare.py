"""`llmbench compare` says what the API says, to the digit."""

import json
import re

import pytest

from cli import exits
from cli.commands.jobs.compare import cells, markdown
from cli.report.markdown import plain
from shared.comparison import LABELS
from tests.cli.commands.terminal import Terminal
from tests.kept import FAST, SLOW, keep, plan_of, rows_of

NOTHING = {
    **{"a": None, "b": None, "minutes": None, "beyond": None},
    **{"needs": None, "needs_beyond": None},
}


def kept(reader: Terminal, fast_s: float = 0.5, **more: int) -> str:
    plan = plan_of(FAST, SLOW, **more)
    rows = rows_of(plan, {FAST: fast_s, SLOW: 1.0})
    return keep(reader.api.settings.results_dir, plan, rows)


def test_terminal_json_and_api_say_the_same_numbers(reader: Terminal) -> None:
    jobs = [kept(reader), kept(reader, 0.4)]
    answer = reader.api.http.get("/compare", params={"job": jobs}, timeout=60)
    told = answer.json()
    said = reader.ask("compare", "--json", *jobs)
    assert said.exit_code == exits.OK, said.output
    assert json.loads(said.stdout) == told
    shown = reader.ask("compare", *jobs).stdout
    for verdict in told["verdicts"]:
        assert verdict["sentence"] in shown
        for metric in verdict["metrics"]:
            assert "\t".join(cells(metric)) in shown
    document = reader.ask("compare", "--markdown", *jobs).stdout
    for verdict in told["verdicts"]:
        assert plain(verdict["sentence"]) in document
        for metric in verdict["metrics"]:
            assert f"| {' | '.join(map(plain, cells(metric)))} |" in document
    for note in told["notes"]:
        assert note in shown
        assert plain(note) in document


def test_a_stranger_s_name_is_no_markup_and_moves_no_cursor() -> None:
    evil = "[a](https://x.example)|\x1b[2J*b*"
    side = {"target": evil, "job_id": "01", "further": ()}
    verdict = {
        **{"a": side, "b": side, "control": evil, "paired": True, "pairs": 2},
        **{"token_ratio": None, "cost_split": None, "sentence": f"{evil} is better"},
        "metrics": [{**NOTHING, "metric": "ttft", "why": evil}],
    }
    found = {
        **{"between": "targets", "verdicts": [verdict], "left_out": [evil]},
        **{"rankings": (), "differences": (), "notes": [evil]},
    }
    document = "\n".join(markdown(found))
    assert document.count("\\[a\\](https://x.example)\\|?\\[2J\\*b\\*") == 7
    assert "\x1b" not in document


def test_json_of_a_comparison_moves_no_cursor(
    reader: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def compared(*_: object, **__: object) -> dict[str, str]:
        return {"sentence": "\x9b2J"}

    monkeypatch.setattr("cli.client.Api.compare", compared)
    said = reader.ask("compare", "--json", "01JZ8M5T7Q")
    assert said.stdout == '{\n  "sentence": "\\u009b2J"\n}\n'


def numbers(line: list[str]) -> list[float]:
    """The difference and its interval, as a line of the table has them."""
    found = re.findall(r"[-+]?\d+\.\d", line[3])
    return [float(each) / 100 for each in found[:3]]


def test_the_numbers_read_back_from_each_are_those_of_the_api(
    reader: Terminal,
) -> None:
    job = kept(reader)
    told = json.loads(reader.ask("compare", "--json", job).stdout)["verdicts"][0]
    text = [
        line.split("\t")
        for line in reader.ask("compare", job).stdout.splitlines()
        if "\t" in line
    ]
    document = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in reader.ask("compare", "--markdown", job).stdout.splitlines()
        if (line.startswith("| ") and "%" in line) or "points" in line
    ]
    known = [each for each in told["metrics"] if each["minutes"]]
    assert len(known) >= 7
    for lines_ in (text, document):
        by_label = {line[0]: line for line in lines_}
        for metric in known:
            said = metric["minutes"]
            true = [said[name] for name in ("estimate", "low", "high")]
            if metric["metric"].endswith("_wins"):
                true = [each + 0.5 for each in true]
            read = numbers(by_label[LABELS[metric["metric"]]])
            assert read == pytest.approx(true, abs=0.00051)


def test_the_cells_of_a_metric_by_hand() -> None:
    near = {"estimate": -0.314, "low": -0.4, "high": -0.221, "p_holm": 0.0004}
    ttft = {
        "metric": "ttft",
        "a": 0.5,
        "b": 0.729,
        "minutes": {**near, "word": "better"},
        "beyond": {**near, "word": "cannot_tell"},
    }
    assert [*cells(ttft)] == [
        "time to first token",
        "500.0 ms",
        "729.0 ms",
        "-31.4 (-40.0 to -22.1) %",
        "< 0.001",
        "a is better",
        "cannot tell yet",
    ]
    none = {"metric": "cost", "a": 0.25, "b": None, "why": "x"}
    none |= {"minutes": None, "beyond": None}
    assert [*cells(none)][1:] == ["$0.250000", "-", "-", "-", "x", "-"]


def test_what_cannot_be_compared_is_a_usage_error_unless_asked_for(
    reader: Terminal,
) -> None:
    jobs = [kept(reader), kept(reader, prompts=9)]
    said = reader.ask("compare", *jobs)
    assert said.exit_code == exits.USAGE
    assert "did not ask for the same work (prompts: 8 (" in said.stderr
    assert reader.ask("compare", "--anyway", *jobs).exit_code == exits.OK


def test_a_benchmark_that_was_just_measured_is_compared(terminal: Terminal) -> None:
    job_id = terminal.submit(FAST, "acme/orca-70b-instruct:free", runs=12)
    terminal.until(job_id, "done")
    said = terminal.ask("compare", "--json", job_id[:20].lower())
    assert said.exit_code == exits.OK, said.output
    found = json.loads(said.stdout)
    assert (found["jobs"][0]["job_id"], found["jobs"][0]["calls"]) == (job_id, 24)
    (verdict,) = found["verdicts"]
    assert (verdict["paired"], verdict["pairs"]) == (True, 12)
    # on a busy machine the times may be unusable; that the calls succeeded is not
    (success,) = (one for one in verdict["metrics"] if one["metric"] == "success")
    assert (success["n"], success["minutes"]["about"]) == (12, "these prompts")
    assert verdict["sentence"] in terminal.ask("compare", job_id).stdout


def test_benchmarks_are_summarised_again_by_the_api_and_from_their_folders(
    reader: Terminal,
) -> None:
    first, second = kept(reader), kept(reader)
    folder = reader.api.settings.results_dir / second
    said = reader.ask("resummarize", first, str(folder))
    assert said.exit_code == exits.OK, said.output
    assert said.stdout.count("before by an earlier version; verdict") == 2
    assert (folder / "summary.1.json").exists()
    again = reader.ask("resummarize", str(folder), "--json")
    (told,) = json.loads(again.stdout)
    assert (told["job_id"], told["changed"], told["kept_as"]) == (second, 0, None)
    wrong = reader.ask("resummarize", str(folder / "none"))
    assert wrong.exit_code == exits.USAGE
