"""The process that checks, beside this one."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.checks import Checked
from shared.checks.evaluate import MOST_CHARACTERS
from tests.children import until
from tests.shared.checks.test_kinds import checks
from worker.checks import Checker

A = checks({"contains": "a"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def checker() -> AsyncIterator[Checker]:
    made = Checker()
    await made.begin()
    yield made
    await made.close()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(checker: Checker, *texts: str) -> list[Checked]:
    got: list[Checked] = []
    for text in texts:
        checker.check(A, text, got.append)

    async def all_of_them() -> bool:
        return len(got) == len(texts)

    await until(all_of_them, "all answers were checked")
    return got


async def test_answers_are_told_in_their_order(checker: Checker) -> None:
    texts = ["b" if n % 3 else "a\t\n\u2028" for n in range(300)]
    assert await told(checker, *texts) == [
        Checked(False, "contains") if n % 3 else Checked(True, None) for n in range(300)
    ]


async def test_an_answer_of_any_length_is_told(checker: Checker) -> None:
    long = "\U0001f600" * (2 * MOST_CHARACTERS)
    assert await told(checker, long, "a") == [
        Checked(None, "not checked"),
        Checked(True, None),
    ]


async def test_a_process_that_was_ended_is_replaced_and_nothing_is_lost(
    checker: Checker,
) -> None:
    assert checker.process_id is not None
    os.kill(checker.process_id, signal.SIGKILL)
    assert await told(checker, *"abaca") == [
        Checked(text == "a", None if text == "a" else "contains") for text in "abaca"
    ]


async def test_who_waits_at_the_end_is_told_that_nothing_was_decided() -> None:
    made, got = Checker(), list[Checked]()
    made.check(A, "a", got.append)
    await made.close()
    assert got == [Checked(None, "not checked")]
