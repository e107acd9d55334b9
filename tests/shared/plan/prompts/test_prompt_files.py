"""Prompt files: what they hold, however they arrive."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BadPlan
from shared.plan.prompts import Prompt
from shared.plan.prompts.files import Format, PromptReader, format_of, read_prompts
from shared.plan.prompts.lines import Lines
from shared.settings.settings import Settings

LIMITS = Settings(max_prompt_bytes=100, max_prompts=5, max_upload_bytes=1000)


def read(
    data: bytes, format: Format = "text", column: str = "prompt"
) -> tuple[str | Prompt, ...]:
    return read_prompts(data, None, None, LIMITS, format=format, column=column).prompts


def texts(data: bytes, format: Format = "text") -> list[str | None]:
    return [p if isinstance(p, str) else p.prompt for p in read(data, format)]


# Lines


def test_lines_end_at_lf_cr_lf_and_cr_alone() -> None:
    assert read(b"a\nb\r\nc\rd") == ("a", "b", "c", "d")


def test_other_separators_stay_inside_a_prompt() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    assert read(text.encode() + b"\n") == (text,)


def test_blank_lines_are_skipped_and_spaces_kept() -> None:
    assert read(b"\n  a \n \t\n\r\n\xe2\x80\xa8\nb\n\n") == ("  a ", "b")


def test_a_bom_is_dropped_at_the_start_alone() -> None:
    bom = "\ufeff".encode()
    assert read(bom + b"a\n" + bom + b"b") == ("a", "\ufeffb")
    assert texts(bom + b'{"prompt": "a"}', "jsonl") == ["a"]
    assert texts(bom + b"prompt\na\n", "csv") == ["a"]


FILES: dict[Format, bytes] = {
    "text": "\ufeffone\r\n\r\nдва\rthree\u2028\n\nfour".encode(),
    "jsonl": b'{"prompt": "one"}\r\n\r{"messages": [{"role": "user", "content": "2"}],'
    b' "max_tokens": 3, "id": "x"}\n{"prompt": "\\u0436\xd0\xb6"}',
    "csv": 'id,prompt\r\n1,"a, ""b""\r\nc\rd\n"\r\n\r\n2,жук\n3,'.encode()
    + b"\xe2\x82\xac",
}


@pytest.mark.parametrize("format", FILES)
def test_it_reads_the_same_however_the_bytes_are_cut(format: Format) -> None:
    data = FILES[format]
    whole = read(data, format)
    assert len(whole) >= 3
    for size in range(1, len(data)):
        reader = PromptReader(format, LIMITS)
        for start in range(0, len(data), size):
            reader.feed(data[start : start + size])
            reader.feed(b"")
        assert reader.finish().prompts == whole


@settings(deadline=None)
@given(st.lists(st.text("ab\n\r \u2028", max_size=6)))
def test_lines_give_back_every_byte_and_know_where_they_stand(
    pieces: list[str],
) -> None:
    lines, found = Lines(1000), []
    for piece in pieces:
        found += list(lines.feed(piece.encode()))
    found += list(lines.finish())
    data = "".join(pieces).encode()
    assert b"".join(line.data for line in found) == data
    assert [line.data for line in found] == re.findall(
        rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", data
    )
    for number, line in enumerate(found, start=1):
        assert line.number == number
        assert data[line.offset :].startswith(line.data)


# JSONL and CSV


def test_jsonl_items_keep_their_fields() -> None:
    first, second = read(
        b'{"prompt": "a\\nb", "max_tokens": 7, "id": "x"}\n'
        b'{"messages": [{"role": "system", "content": "s"},'
        b' {"role": "user", "content": "u"}]}',
        "jsonl",
    )
    assert first == Prompt(prompt="a\nb", max_tokens=7, id="x")
    assert isinstance(second, Prompt)
    assert [turn.role for turn in second.turns()] == ["system", "user"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_by_its_column(delimiter: str) -> None:
    rows = (
        ("id", " prompt ", "note"),
        ("1", 'a "b"\nc; d, e\tf', "x"),
        ("", "", ""),
        ("2", "g", ""),
    )
    data = "\n".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in
        row) for row in (rows[0], rows[1], rows[3])
    )  # fmt: skip
    assert read(data.encode(), "csv") == ('a "b"\nc; d, e\tf', "g")
    assert read(data.encode(), "csv", column="id") == ("1", "2")


def test_the_cap_of_a_row_is_not_that_of_all_rows() -> None:
    rows = b"".join(b'"%d\n%s"\n' % (row, b"x" * 80) for row in range(4))
    assert len(read(b"prompt\n" + rows, "csv")) == 4


def test_a_csv_field_may_be_longer_than_the_csv_module_likes() -> None:
    limits = Settings(max_prompt_bytes=300_000)
    data = b"prompt\n" + b"x" * 200_000
    assert len(str(read_prompts(data, "a.csv", None, limits).prompts[0])) == 200_000


# Which format


@pytest.mark.parametrize(
    ("filename", "content_type", "format"),
    [
        ("a.txt", None, "text"),
        ("A.JSONL", "text/plain", "jsonl"),
        ("x/y.ndjson", None, "jsonl"),
        ("b.csv", "application/octet-stream", "csv"),
        (None, "text/csv; charset=utf-8", "csv"),
        ("prompts", "application/x-ndjson", "jsonl"),
        (None, "application/octet-stream", "text"),
        (None, None, "text"),
    ],
)
def test_the_format_is_by_extension_then_by_content_type(
    filename: str | None, content_type: str | None, format: Format
) -> None:
    assert format_of(filename, content_type) == format


def test_the_format_can_be_said() -> None:
    prompts = read_prompts(b"prompt\na\n", "a.txt", None, LIMITS, format="csv").prompts
    assert prompts == ("a",)


def test_an_unknown_extension_is_refused() -> None:
    with pytest.raises(BadPlan, match=r"is \.txt, \.jsonl or \.csv, not '\.xlsx'"):
        read_prompts(b"a", "prompts.xlsx", "text/plain", LIMITS)


# The docs


def test_the_examples_in_the_docs_can_be_read() -> None:
    text = Path("docs/prompts.md").read_text("utf-8")
    found = re.findall(r"```(text|jsonl|csv)\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in found] == ["text", "jsonl", "csv"]
    for name, data in found:
        prompts = read_prompts(data.encode(), f"a.{name}", None, LIMITS).prompts
        assert len(prompts) == 2


def test_a_prompt_survives_the_way_through_jsonl() -> None:
    text = "a\u2028b\n\"c\" 'd', \\ ж \x7f"
    line = json.dumps({"prompt": text}).encode()
    assert texts(line, "jsonl") == [text]
