"""Prompt files: what they hold, however they arrive, and what is refused."""

import json
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BadPlan, TooMuch
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


# What is refused

BAD: list[tuple[Format, bytes, str]] = [
    ("text", b"", "The file holds no prompt"),
    ("text", b"\n \r\n\t\n", "The file holds no prompt"),
    ("text", b"\xef\xbb\xbf\n", "The file holds no prompt"),
    ("jsonl", b"\n\n", "The file holds no prompt"),
    ("csv", b"prompt\n", "The file holds no prompt"),
    ("csv", b"", "The file holds no prompt"),
    ("text", b"ab\ncd\xff\n", r"not UTF-8: byte 5 \(line 2\)"),
    ("text", b"\xef\xbb\xbfab\n\xe2\x82", r"not UTF-8: byte 6 \(line 2\)"),
    ("text", "ab".encode("utf-16"), r"not UTF-8: byte 0 \(line 1\)"),
    ("text", b"PK\x03\x04\0\0", "Line 1 holds a NUL"),
    ("text", b"a\nb\0c\n", "Line 2 holds a NUL"),
    ("text", b"a\n" + b"x" * 101, "Line 2 has more than the 100 bytes allowed"),
    ("text", b"x" * 101 + b"\n", "Line 1 has more than the 100 bytes allowed"),
    ("text", b"a\n" * 6, "more than the 5 prompts allowed"),
    ("text", (b"x" * 90 + b"\n") * 4 + b"\n" * 700, "more than the 1000 bytes allowed"),
    ("jsonl", b'{"prompt": "a"}\n{"prompt"\n', r"Line 2 is not JSON: .* column 9\. W"),
    ("jsonl", b'"a"', "Line 1 is not an object"),
    ("jsonl", b'\n{"prompt": " "}', "Line 2, `prompt`: it is blank"),
    ("jsonl", b'{"prompt": "\\u0000"}', "Line 1, `prompt`: it holds a NUL"),
    ("jsonl", b'{"prompt": "\\ud800"}', "Line 1 is not JSON"),
    ("jsonl", b'{"text": "a"}', "Line 1, `text`: There is no such field. There are: "),
    ("jsonl", b'{"id": "a"}', "Line 1: give either `prompt` or `messages`"),
    ("jsonl", b'{"messages": [{"role": "user"}]}', r"Line 1, `messages\.0\.content`"),
    ("jsonl", b"[" * 90, "Line 1 is not JSON"),
    ("csv", b"a,b\n1,2\n", "Row 1 must name the columns, .* `prompt`"),
    ("csv", b"prompt,b\nx,1\n,2\n", "Row 3 has no `prompt`"),
    ("csv", b"b,prompt\n1,x\n1\n", "Row 3 has no `prompt`"),
    ("csv", b'prompt\n"a"b"c"\n', "Row 2 is not CSV"),
    ("csv", b'prompt\nx\n"a\nb\n', "Row 3 ends within quotes"),
    ("csv", b'prompt\n"' + b"a\n" * 60, "Row 2 has more than the 100 characters"),
]


@pytest.mark.parametrize(("format", "data", "sentence"), BAD)
@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_a_bad_file_is_refused_with_a_sentence(
    format: Format, data: bytes, sentence: str, cut: int
) -> None:
    pieces = (data[at : at + cut] for at in range(0, len(data), cut))
    with pytest.raises(BadPlan, match=sentence) as refused:
        read_prompts(pieces, None, None, LIMITS, format=format)
    assert refused.value.field == "prompts"


def test_what_is_over_a_cap_is_too_much() -> None:
    for data in (b"x" * 101, b"a\n" * 6, b"\n" * 1001):
        with pytest.raises(TooMuch):
            read(data)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_lines_have_an_end_though_all_of_them_are_blank(end: bytes) -> None:
    limits = Settings(max_prompts=1)  # twelve lines for each, and 10,000
    prompts = end * 10_011 + b"Why?" + end
    assert read_prompts(prompts, None, None, limits).prompts == ("Why?",)
    with pytest.raises(TooMuch, match="more than 10012 lines"):
        read_prompts(end + prompts, None, None, limits)


def test_a_line_of_unknown_fields_is_refused_in_a_sentence() -> None:
    many = {"prompt": "a"} | dict.fromkeys(map(str, range(512)), 1)
    deep = '{"prompt": ' + "[" * 16 + "]" * 16 + "}"
    for line, said in (
        (json.dumps(many), "Line 1: An object has more than 512 members"),
        (deep, "Line 1: The JSON is more than 16 deep"),
    ):
        with pytest.raises(BadPlan, match=said) as refused:
            read_prompts(line.encode(), "a.jsonl", None, Settings())
        assert refused.value.field == "prompts"


def test_a_line_at_the_cap_is_taken() -> None:
    for end in (b"", b"\n", b"\r\n", b"\r"):
        assert read(b"x" * 100 + end) == ("x" * 100,)
    assert len(read(b"a\n" * 5)) == 5


def test_errors_do_not_repeat_the_prompt() -> None:
    for format in ("text", "jsonl", "csv"):
        for data in (
            b"canary canary \xff",
            b'{"prompt": "canary"',
            b'{"prompt": 3, "id": ["canary"]}',
            b"canary\ncanary\n",
            b'"canary"canary"',
            b"canary\0",
            b"canary " * 20,
        ):
            try:
                read(data, format)
            except BadPlan as error:
                assert "canary" not in str(error)  # noqa: PT017


def test_an_endless_line_is_refused_once_it_passes_the_cap() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 65_536

    limits = Settings(max_prompt_bytes=1024 * 1024)
    tracemalloc.start()
    with pytest.raises(TooMuch, match="Line 1 has more than the 1048576 bytes"):
        read_prompts(endless(), None, None, limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken == 17
    assert peak < 4 * 1024 * 1024


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
