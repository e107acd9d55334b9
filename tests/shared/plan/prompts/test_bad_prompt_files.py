"""Prompt files that are refused: each with a sentence, and none read further."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest

from shared.errors import BadPlan, TooMuch
from shared.plan.prompts import Prompt
from shared.plan.prompts.files import Format, read_prompts
from shared.settings.settings import Settings

LIMITS = Settings(max_prompt_bytes=100, max_prompts=5, max_upload_bytes=1000)


def read(data: bytes, format: Format = "text") -> tuple[str | Prompt, ...]:
    return read_prompts(data, None, None, LIMITS, format=format).prompts


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
