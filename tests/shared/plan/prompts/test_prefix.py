"""The line against caches."""

import re

from shared.plan.prompts import Message, Prompt, unique_prefix, with_prefix


def test_it_is_one_line_and_the_same_each_time() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}\n", unique_prefix(0, 1, 2))
    assert unique_prefix(0, 1, 2) == unique_prefix(0, 1, 2, attempt=0)


def test_it_differs_with_seed_step_slot_and_attempt() -> None:
    seen = {
        unique_prefix(seed, step, slot, attempt)
        for seed in (0, 1, "run-a", "run-b")
        for step in range(3)
        for slot in range(200)
        for attempt in range(3)
    }
    assert len(seen) == 4 * 3 * 200 * 3


def test_it_stands_before_the_first_user_text_alone() -> None:
    turns = Prompt(
        messages=(
            Message(role="assistant", content="a"),
            Message(role="user", content="b"),
            Message(role="user", content="c"),
        )
    ).turns("s")
    done = with_prefix(turns, "p\n")
    assert [turn.content for turn in done] == ["s", "a", "p\nb", "c"]
    assert [turn.role for turn in done] == [turn.role for turn in turns]


def test_without_a_users_turn_nothing_changes() -> None:
    turns = (Message(role="assistant", content="a"),)
    assert with_prefix(turns, "p\n") == turns
