"""The shape of JSON: counted as it arrives, the same however it is cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shared.errors import BadPlan, TooMuch
from shared.plan.input.json_bounds import (
    MOST_DEEP,
    MOST_MEMBERS,
    JsonBounds,
    most_pieces,
)
from shared.settings.settings import Settings

SMALL = Settings(max_prompts=1)  # 10,012 values, 10,000 in one list
MOST = most_pieces(SMALL)
PAIR = b"[1,2],"  # three values: the list itself, and two


def look(data: bytes, cut: int = 1_000_000, most_values: int | None = None) -> None:
    bounds = JsonBounds(SMALL, most_values)
    for at in range(0, len(data), cut):
        bounds.feed(data[at : at + cut])


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def members(n: int) -> bytes:
    return json.dumps(dict.fromkeys(map(str, range(n)), 0)).encode()


WITHIN = [
    b"",
    b"{}",
    deep(MOST_DEEP),
    members(MOST_MEMBERS),
    b"[%s]" % b",".join([members(MOST_MEMBERS)] * 10),
    b"[" + b"1," * 9999 + b"1]",
    b"[" + PAIR * (MOST // 3) + b"1]",
    json.dumps(["[{" * 20_000, '\\"' * 20_000, ",:" * 20_000]).encode(),
    b'["' + b"x" * 6 * 1024 * 1024 + b'"]',
]
OVER = [
    (deep(MOST_DEEP + 1), "more than 16 deep"),
    (b'{"a":' * 17, "more than 16 deep"),
    (members(MOST_MEMBERS + 1), "more than 512 members"),
    (b'{"a":0,' + b'"a":0,' * 512, "more than 512 members"),  # the same one, too
    (b"[" + b"1," * 10_000 + b"1]", "more than 10000 items"),
    (b"[" + b'"",' * 10_000 + b"1]", "more than 10000 items"),
    (b"[" + PAIR * (MOST // 3 + 1), "more than the 10012 values"),
    (b"[" + b" " * 16 * 1024 * 1024, "16777216 bytes between"),
    (b'["' + b"x" * 6 * 1024 * 1024 + b'x"]', "MAX_PROMPT_BYTES"),
    (b'["' + b"\\n" * 3 * 1024 * 1024 + b'\\"', "MAX_PROMPT_BYTES"),
    ('["∀"]'.encode("utf-16-le"), "UTF-8"),
]


@pytest.mark.parametrize("data", WITHIN, ids=range(len(WITHIN)))
@pytest.mark.parametrize("cut", [997, 1_000_000])
def test_what_a_plan_may_be_passes(data: bytes, cut: int) -> None:
    look(data, cut)


@pytest.mark.parametrize(("data", "said"), OVER, ids=[said for _, said in OVER])
@pytest.mark.parametrize("cut", [997, 1_000_000])
def test_what_nothing_here_is_is_refused(data: bytes, said: str, cut: int) -> None:
    with pytest.raises(BadPlan, match=said) as refused:
        look(data, cut)
    assert refused.value.field == ("prompts" if "items" in said else "body")
    caps = ("values", "items", "bytes between", "MAX_PROMPT_BYTES")
    assert isinstance(refused.value, TooMuch) == any(cap in said for cap in caps)


JSON: SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def values(found: object) -> int:
    """Counted as the parser sees them: of a container its members, or itself."""
    if not isinstance(found, dict | list):
        return 0
    inner = found.values() if isinstance(found, dict) else found
    return max(len(found), 1) + sum(map(values, inner))


@given(JSON, st.integers(1, 50), st.booleans())
def test_values_are_counted_the_same_however_they_are_cut(
    found: object, cut: int, plain: bool
) -> None:
    data = json.dumps(found, ensure_ascii=not plain).encode("utf-8", "replace")
    n = values(found)
    look(data, cut, most_values=n or None)
    if n > 1:
        with pytest.raises(TooMuch):
            look(data, cut, most_values=n - 1)


def test_a_map_of_every_token_that_openai_takes_passes() -> None:
    bias = {str(token): -100 for token in range(300)}
    look(json.dumps({"extra": {"logit_bias": bias}}).encode())
