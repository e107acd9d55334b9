"""samples.csv: what is written reads back equal, and no cell is a formula."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.analysis import metrics
from shared.analysis.columns import columns_of
from shared.analysis.gaps import gap_bucket, gap_histogram
from shared.clock import utc_label
from shared.outputs.csv import guarded, unguarded, write_csv
from shared.outputs.table import COLUMNS
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample

PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal", provider="acme")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
)
ORDER = """
step, slot, attempt, segment, worker, target, upstream, model, served_model, provider,
prompt_index, prompt_sha256, repetition, outcome, status, error, started_at, due_s,
started_s, sent_s, ack_s, first_token_s, first_visible_s, last_token_s, ended_s,
queue_s, connect_s, reused, ttft_s, ttft_visible_s, latency_s, response_s, tpot_s,
gap_n, gap_p50_s, gap_p99_s, gap_max_s, prompt_tokens, output_tokens, reasoning_tokens,
cached_tokens, total_tokens, tokens_from, cost_usd, finish_reason, generation_id,
stamp_slack_s, ttft_slack_s, gap_slack_s, gap_doubtful_n, last_slack_s,
end_slack_s, kind, notes, passed, failed_check
"""
RISKY = "=+-@\uff1d\uff0b\uff0d\uff20\t\r\n"
NASTY = st.text(
    st.sampled_from("=+-@＝＋－＠'\"\t\r\n ,;|\u200b\ufeff\x00\u2028aЖ1")
    | st.characters(codec="utf-8"),
    max_size=12,
)
STAMP = st.none() | st.integers(0, 10**13).map(lambda ns: ns / 1e9)
COUNT = st.none() | st.integers(0, 2**53)


def a_row(**changed: Any) -> Sample:
    fixed: dict[str, Any] = {
        "step": 0,
        "slot": 0,
        "target": 0,
        "prompt": 0,
        "outcome": Outcome.OK,
    }
    return Sample(**(fixed | changed))


def written(rows: Sequence[Sample], **how: Any) -> bytes:
    return b"".join(write_csv(PLAN, columns_of(PLAN, rows), **how))


def read(data: bytes, separator: str = ",") -> list[dict[str, str]]:
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=separator, strict=True))


def test_the_columns_and_their_order_are_fixed() -> None:
    assert list(COLUMNS) == ORDER.replace("\n", " ").strip().split(", ")


@pytest.mark.usefixtures("fixed_columns")
def test_a_line_by_hand() -> None:
    row = a_row(
        slot=3,
        attempt=1,
        worker="host-1:7",
        target=1,
        prompt=1,
        repetition=2,
        status=200,
        served_model="acme/seal-2026",
        provider="Acme, Inc.",
        started_at=1795420801.25,
        due_s=1.0,
        started_s=1.25,
        sent_s=1.5,
        ack_s=1.6,
        first_token_s=2.0,
        first_visible_s=2.5,
        last_token_s=4.0,
        ended_s=4.5,
        connect_s=0.00000012,
        reused=False,
        gaps=((gap_bucket(0.5), 4),),
        gap_sum_s=2.0,
        gap_max_s=0.5,
        prompt_tokens=7,
        output_tokens=5,
        reasoning_tokens=0,
        total_tokens=12,
        tokens_from="usage",
        cost_usd=0.0000375,
        finish_reason="stop",
        generation_id="gen-1",
        notes="tokens_summed cost_not_believed",
        passed=False,
        failed_check="=city",
        kind="ok",
        upstream="https://up.example/v1",
        gap_slack_s=0.0015,
        gap_doubtful_n=2,
        end_slack_s=0.25,
    )
    head, line, rest = written([row]).split(b"\n")
    digest = PLAN.prompts.prompt(1).sha256()
    assert rest == b""
    assert head.decode() == ",".join(COLUMNS)
    assert line.decode() == (
        "0,3,1,0,host-1:7,acme/seal@acme,https://up.example/v1,acme/seal,"
        f'acme/seal-2026,"Acme, Inc.",1,{digest},2,ok,200,,2026-11-23T08:00:01.250Z,'
        "1.0,1.25,1.5,1.6,2.0,2.5,4.0,4.5,"  # stamps
        "0.25,1.2e-7,false,"  # 1.25 - 1, connect, reused
        "0.5,1.0,3.0,3.5,0.5,"  # 2 - 1.5, 2.5 - 1.5, 4.5 - 1.5, 4.5 - 1, (4 - 2) / 4
        "4,0.5,0.5,0.5,"  # four gaps of 0.5
        "7,5,0,,12,usage,0.0000375,stop,gen-1,"
        ",,0.0015,2,,0.25,ok,"  # no slack of the first token
        'tokens_summed cost_not_believed,false,"\'=city"'
    )


def test_each_row_says_itself_whom_it_asked() -> None:
    rows = [
        a_row(slot=0, upstream="http://one.example/v1"),
        a_row(slot=1, upstream="http://two.example/v1"),
        a_row(slot=2),  # of an earlier build
    ]
    said = [line["upstream"] for line in read(written(rows))]
    assert said == ["http://one.example/v1", "http://two.example/v1", ""]


def test_a_row_of_nothing_has_empty_cells_and_no_zeros() -> None:
    (line,) = read(written([a_row(outcome=Outcome.DROPPED, due_s=0.5)]))
    said = {name for name, cell in line.items() if cell}
    assert said == {
        *("step", "slot", "attempt", "segment", "target", "model", "prompt_index"),
        *("prompt_sha256", "repetition", "outcome", "due_s"),
    }


def test_lines_end_in_lf_and_there_is_no_mark() -> None:
    data = written([a_row()])
    assert data.startswith(b"step,slot,")
    assert b"\r" not in data
    assert data.endswith(b"\n")


def test_for_excel_there_is_a_mark_and_semicolons() -> None:
    data = written([a_row(error="a;b", sent_s=0.5)], excel=True)
    assert data.startswith(b"\xef\xbb\xbfstep;slot;")
    assert data.count(b"\xef\xbb\xbf") == 1
    (line,) = read(data, ";")
    assert (line["error"], line["sent_s"]) == ("a;b", "0.5")


def test_no_rows_are_a_file_with_a_head() -> None:
    assert read(written([])) == []
    assert written([]).count(b"\n") == 1


def test_rows_are_in_order_however_they_came() -> None:
    rows = [a_row(slot=slot, attempt=n) for slot in (2, 0, 1) for n in (1, 0)]
    lines = [(line["slot"], line["attempt"]) for line in read(written(rows))]
    assert lines == sorted(lines)


def test_a_file_comes_in_pieces_that_are_whole_lines() -> None:
    rows = columns_of(PLAN, (a_row(slot=slot) for slot in range(10_001)))
    head, first, second = write_csv(PLAN, rows)
    assert [piece.count(b"\n") for piece in (head, first, second)] == [1, 10_000, 1]


def test_labels_are_those_of_the_clock() -> None:
    for at in (0.0, 1.0015, 1795420801.2509999, 1795420801.9999999):
        (line,) = read(written([a_row(started_at=at)]))
        assert line["started_at"] == utc_label(at)


@pytest.mark.parametrize("risky", RISKY)
def test_a_cell_that_could_be_a_formula_gets_an_apostrophe(risky: str) -> None:
    for text in (f"{risky}1+1", f" {risky}1+1", f"\u200b{risky}cmd|' /C calc'!A0"):
        cell = guarded(text)
        assert cell.startswith("\"'")
        assert next(csv.reader(io.StringIO(cell, newline="")))[0] == "'" + text


@pytest.mark.parametrize("text", ["a;=1+1", "a\t=1+1", "a|=1+1", "a,=1+1", "a\n=1"])
def test_a_cell_that_some_locale_would_split_is_quoted(text: str) -> None:
    assert guarded(text) == f'"{text}"'


@pytest.mark.parametrize("text", ["acme/orca-70b:free", "Too many requests", "Ключ"])
def test_a_plain_cell_stays_plain(text: str) -> None:
    assert guarded(text) == text


@given(NASTY)
@example("'=1+1")
@example("''")
def test_a_guarded_text_is_harmless_and_reads_back_equal(text: str) -> None:
    (cells,) = csv.reader(io.StringIO(guarded(text), newline=""), strict=True)
    (cell,) = cells
    assert cell == "" or cell[0] not in RISKY + " \x00\u200b\ufeff\u2028"
    assert unguarded(cell) == text


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    stamps = ("due_s", "started_s", "sent_s", "ack_s", "first_token_s")
    stamps += ("first_visible_s", "last_token_s", "ended_s", "connect_s")
    stamps += ("stamp_slack_s", "ttft_slack_s", "gap_slack_s")
    stamps += ("last_slack_s", "end_slack_s")
    counts = ("prompt_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")
    texts = ("served_model", "provider", "error", "finish_reason", "generation_id")
    events = draw(st.lists(st.integers(0, 10**10), max_size=6))
    gaps, sum_s, max_s = gap_histogram([ns / 1e9 for ns in sorted(events)])
    return Sample(
        step=draw(st.integers(0, 1)),
        slot=draw(st.integers(0, 2**40)),
        attempt=draw(st.integers(0, 3)),
        target=draw(st.integers(0, 1)),
        prompt=draw(st.integers(0, 1)),
        worker=draw(NASTY),
        outcome=draw(st.sampled_from(Outcome)),
        status=draw(st.none() | st.integers(100, 599)),
        reused=draw(st.none() | st.booleans()),
        cost_usd=draw(st.none() | st.floats(0, 1e6)),
        gaps=gaps,
        gap_sum_s=sum_s,
        gap_max_s=max_s,
        **{name: draw(STAMP) for name in stamps},
        **{name: draw(COUNT) for name in (*counts, "total_tokens")},
        **{name: draw(st.none() | NASTY.filter(bool)) for name in texts},
    )


def number(cell: str) -> float | None:
    return float(cell) if cell else None


@settings(deadline=None, max_examples=25)
@given(
    st.lists(samples(), max_size=6, unique_by=lambda s: (s.step, s.slot, s.attempt)),
    st.booleans(),
)
def test_what_is_written_reads_back_equal(rows: list[Sample], excel: bool) -> None:
    lines = read(written(rows, excel=excel), ";" if excel else ",")
    rows = sorted(rows, key=lambda row: (row.step, row.slot, row.attempt))
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        target = PLAN.targets[row.target]
        assert line["target"] == target.label()
        assert line["model"] == target.model
        assert line["prompt_index"] == str(row.prompt)
        assert line["reused"] == {None: "", True: "true", False: "false"}[row.reused]
        for name, cell in line.items():
            value = getattr(row, name, ...)
            if name == "target" or value is ...:
                continue
            if isinstance(value, str):
                assert unguarded(cell) == value
            elif name == "reused" or name == "started_at":
                continue
            elif isinstance(value, int):
                assert int(cell) == value
            elif value is None:
                assert cell == ""
            else:
                # Seconds are whole nanoseconds; a cost keeps all its digits.
                exact = value if name == "cost_usd" else round(value, 9)
                assert float(cell) == exact
        for metric in (metrics.latency_s, metrics.response_s, metrics.tpot_s):
            expected = metric(row)
            found = number(line[metric.name])
            assert found == (expected and pytest.approx(expected, abs=1e-9))
