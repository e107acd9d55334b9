"""`.env.example` and the settings are the same list."""

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from shared.settings.settings import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
LINES = EXAMPLE.read_text("utf-8").splitlines()
NAMED = re.compile(r"^(# )?([A-Z][A-Z0-9_]+)=(.*)$")
HEADING = re.compile(r"^# ---")


def names() -> list[str]:
    return [match[2] for match in map(NAMED.match, LINES) if match]


def test_every_setting_stands_in_it_once_and_nothing_else() -> None:
    assert sorted(names()) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("name", names())
def test_a_comment_stands_above_each(name: str) -> None:
    at = next(i for i, line in enumerate(LINES) if re.match(rf"(# )?{name}=", line))
    while NAMED.match(LINES[at]):  # settings of one kind may share a comment
        at -= 1
    assert LINES[at].startswith("# ")
    assert not HEADING.match(LINES[at])


def test_the_values_in_it_are_the_defaults() -> None:
    written = {name.lower(): text for name, text in dotenv_values(EXAMPLE).items()}
    read = Settings.model_validate({k: v for k, v in written.items() if v})
    assert read == Settings()


@pytest.mark.parametrize("line", [line for line in LINES if NAMED.match(line)])
def test_only_what_is_unset_by_default_is_commented_out(line: str) -> None:
    match = NAMED.match(line)
    assert match
    default = Settings.model_fields[match[2].lower()].default
    unset = default is None and match[2] != "OPENROUTER_API_KEY"  # to be filled in
    assert bool(match[1]) == unset
