"""Answers beside each other: a search shows every prompt that it finds, once."""

from pathlib import Path

from api.page_data.__main__ import answer
from api.pages.ended.answers import PROMPTS, Answers
from api.pages.ended.asked import Choices
from tests import made


def test_a_search_over_pages_skips_no_prompt(tmp_path: Path) -> None:
    # two of three are found: the eighth is the twelfth prompt, amid a page of eight
    prompts = [f"{'this' if n % 3 else 'that'} is number {n}" for n in range(41)]
    plan = made.plan_of(made.SWIFT, made.SAGE, prompts=prompts, runs=1)
    job_id = made.keep(tmp_path, plan)
    answer(tmp_path, job_id, None)  # as the process beside the API does
    answers = Answers(tmp_path / job_id)
    seen, page = list[int](), 0
    while True:
        found = answers.matrix(Choices(q="THIS", page=page), 2)
        seen += [line.prompt for line in found.lines]
        assert found.more is None or found.more > page
        assert found.more is None or len(found.lines) >= PROMPTS
        if found.more is None:
            break
        page = found.more
    assert seen == [n for n in range(41) if n % 3]
