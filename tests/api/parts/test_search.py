"""What is looked for among runs, and how far one request looks."""

import pytest

from api.parts import Filter, search
from shared.about import About
from shared.run import Run, Status


def run(number: int, *tags: str, **more: object) -> Run:
    return Run(
        job_id=f"{number:026}",
        status=Status.DONE,
        submitter="Ada",
        targets=("acme/Orca:free", "globex/lynx@harbor/fp8"),
        created_at=number,
        about=About(name="Nightly", tags=tags, note="After the Upgrade"),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Filter(), True),
        (Filter(tags=("A",)), True),
        (Filter(tags=("a", "b")), True),
        (Filter(tags=("a", "c")), False),
        (Filter(models=("orca",)), True),
        (Filter(models=("nobody", "HARBOR")), True),
        (Filter(models=("nobody",)), False),
        (Filter(statuses=(Status.DONE, Status.FAILED)), True),
        (Filter(statuses=(Status.FAILED,)), False),
        (Filter(targets=("ACME/orca:free",)), True),
        (Filter(targets=("acme/orca",)), False),  # the whole name
        (Filter(targets=("globex/lynx",)), True),  # the model of one that is pinned
        (Filter(targets=("globex/lynx@harbor/fp8", "x/y")), True),
        (Filter(since_s=7.0, until_s=7.5), True),
        (Filter(since_s=7.5), False),
        (Filter(until_s=7.0), False),
        (Filter(text="upgrade"), True),
        (Filter(text="nightly"), True),
        (Filter(text="ada"), True),
        (Filter(text="00007"), True),
        (Filter(text="b", tags=("a",)), True),
        (Filter(text="nowhere"), False),
    ],
)
def test_a_run_fits_what_is_asked(wanted: Filter, fits: bool) -> None:
    assert wanted.fits(run(7, "a", "B")) is fits


async def found(
    wanted: Filter, limit: int, before: str | None, total: int
) -> tuple[list[int], str | None, int]:
    """The numbers found among `total` runs, of which each seventh has a tag; where to
    go on, and how many runs were looked at."""
    looked = 0

    async def page(size: int, before: str | None) -> list[Run]:
        nonlocal looked
        first = total if before is None else int(before)
        numbers = range(first - 1, max(first - 1 - size, -1), -1)
        looked += len(numbers)
        return [run(n, *(["seventh"] if n % 7 == 0 else [])) for n in numbers]

    runs, last = await search(page, wanted, limit, before)
    return [int(each.job_id) for each in runs], last, looked


async def test_without_a_wish_one_page_is_read() -> None:
    assert await found(Filter(), 2, None, 10) == ([9, 8], f"{8:026}", 3)
    assert await found(Filter(), 2, f"{2:026}", 10) == ([1, 0], None, 2)


async def test_pages_of_what_is_wanted_follow_each_other_without_a_gap() -> None:
    seventh = Filter(tags=("seventh",))
    numbers: list[int] = []
    before: str | None = None
    for _ in range(100):
        page, before, _looked = await found(seventh, 5, before, 1000)
        numbers += page
        if before is None:
            break
    assert numbers == [n for n in range(999, -1, -1) if n % 7 == 0]


async def test_one_request_looks_so_far_and_says_where_to_go_on() -> None:
    never = Filter(text="nowhere")
    assert await found(never, 5, None, 5000) == ([], f"{3000:026}", 2000)
    assert await found(never, 5, f"{150:026}", 5000) == ([], None, 150)


async def test_what_is_too_old_is_not_looked_through() -> None:
    young = Filter(tags=("seventh",), since_s=900.0)
    numbers, last, _looked = await found(young, 50, None, 5000)
    assert (numbers[0], len(numbers), last is not None) == (4998, 50, True)
    younger = Filter(since_s=4990.0)
    assert await found(younger, 50, None, 5000) == ([*range(4999, 4989, -1)], None, 200)


def test_a_filter_is_asked_for_again_by_the_next_page() -> None:
    wanted = Filter(targets=("a/b",), tags=("x",), since_s=1000.0)
    assert wanted.asked() == {
        "tag": ["x"],
        "target": ["a/b"],
        "since": "1970-01-01T00:16:40.000Z",
    }
