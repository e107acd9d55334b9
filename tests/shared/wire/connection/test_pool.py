"""Idle connections: the last given is the first taken, at any number of them."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from shared.wire.connection.keep import DISTRUST_S, KEEP_S, MOST_S, keep_s
from shared.wire.connection.pool import Pool
from shared.wire.wire import Origin

HERE = Origin("http", "here", 80)


@dataclass(eq=False)
class FakeLink:
    """As much of a link as a pool knows of."""

    origin: Origin = HERE
    user: Any = None
    kept_until_s: float = 0.0
    calls: int = 1
    closed: int = 0
    looked: int = 0
    name: int = field(default_factory=count().__next__)

    def read_pending(self) -> None:
        self.looked += 1

    def close(self) -> None:
        self.closed += 1


def test_the_last_given_is_taken_first_and_origins_are_apart() -> None:
    pool, a, b = Pool(), FakeLink(), FakeLink()
    there = FakeLink(Origin("http", "there", 80))
    for link in (a, b, there):
        pool.give(link)  # type: ignore[arg-type]
    assert (len(pool), pool.count(HERE)) == (3, 2)
    assert [pool.take(HERE) for _ in range(3)] == [b, a, None]
    assert len(pool) == 1


def test_a_link_that_becomes_readable_is_dropped_from_the_middle() -> None:
    pool, links = Pool(), [FakeLink() for _ in range(3)]
    for link in links:
        pool.give(link)  # type: ignore[arg-type]
    assert links[1].user is pool
    pool.on_closed(links[1], 0.0, True, "")  # type: ignore[arg-type]
    pool.on_closed(links[1], 0.0, True, "")  # type: ignore[arg-type]
    assert [pool.take(HERE) for _ in range(3)] == [links[2], links[0], None]


def test_a_link_that_was_idle_for_too_long_is_closed_and_not_taken() -> None:
    pool, old = Pool(), FakeLink()
    pool.give(old)  # type: ignore[arg-type]
    old.kept_until_s -= KEEP_S + 1
    assert pool.take(HERE) is None
    assert old.closed == 1
    assert len(pool) == 0


def test_links_whose_time_is_over_are_closed_also_when_nobody_asks() -> None:
    pool, brief, lasting = Pool(), FakeLink(), FakeLink()
    pool.give(lasting, 60)  # type: ignore[arg-type]
    pool.give(brief, 0)  # type: ignore[arg-type]
    pool.prune()
    assert (brief.closed, lasting.closed, len(pool)) == (1, 0, 1)


def test_a_link_that_turns_out_to_be_dead_when_looked_at_is_not_taken() -> None:
    class Dead(FakeLink):
        def read_pending(self) -> None:
            self.user.on_closed(self, 0.0, True, "")

    pool, alive, dead = Pool(), FakeLink(), Dead()
    pool.give(alive)  # type: ignore[arg-type]
    pool.give(dead)  # type: ignore[arg-type]
    assert pool.take(HERE) is alive
    assert (alive.looked, dead.closed > 0, len(pool)) == (1, True, 0)


def test_links_of_an_origin_that_loses_them_again_and_again_are_not_kept() -> None:
    pool, elsewhere = Pool(), FakeLink(Origin("http", "there", 80))
    for _ in range(9):
        # all of a server that was restarted
        pool.lost(FakeLink(calls=3))  # type: ignore[arg-type]
    pool.lost(FakeLink(calls=2))  # type: ignore[arg-type]
    pool.give(FakeLink())  # type: ignore[arg-type]
    assert pool.count(HERE) == 1, "once may be chance"
    pool.lost(FakeLink(calls=2))  # type: ignore[arg-type]
    refused = FakeLink()
    pool.give(refused)  # type: ignore[arg-type]
    pool.give(elsewhere)  # type: ignore[arg-type]
    assert (refused.closed, pool.count(HERE), len(pool)) == (1, 1, 2)
    pool.give(FakeLink(calls=0))  # type: ignore[arg-type]
    assert pool.count(HERE) == 2, "it was opened ahead, and is fresh to its call"
    pool._lost[HERE][-1] -= DISTRUST_S
    pool.give(FakeLink())  # type: ignore[arg-type]
    assert pool.count(HERE) == 3, "it is tried again after a minute"


def test_a_link_that_served_twice_shows_that_its_origin_keeps_them() -> None:
    pool = Pool()
    for _ in range(3):
        pool.lost(FakeLink(calls=2))  # type: ignore[arg-type]
    pool.give(FakeLink(calls=2))  # type: ignore[arg-type]
    pool.give(FakeLink(calls=1))  # type: ignore[arg-type]
    assert pool.count(HERE) == 2


@pytest.mark.parametrize("n", [10, 10_000])
def test_taking_touches_one_link_however_many_there_are(n: int) -> None:
    """Links are compared by identity only: a search through them would ask for more."""

    class Untouched(FakeLink):
        asked = 0

        def __getattribute__(self, name: str) -> Any:
            Untouched.asked += 1
            return super().__getattribute__(name)

    pool = Pool()
    for _ in range(n):
        pool.give(Untouched())  # type: ignore[arg-type]
    Untouched.asked = 0
    link = pool.take(HERE)
    assert link is not None
    pool.give(link)
    assert Untouched.asked < 10


def test_closing_the_pool_closes_all() -> None:
    pool, links = Pool(), [FakeLink(), FakeLink()]
    for link in links:
        pool.give(link)  # type: ignore[arg-type]
    pool.close()
    assert [link.closed for link in links] == [1, 1]
    assert len(pool) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"timeout=5", 4.0),
        (b"timeout=5, max=100", 4.0),
        (b"max=100, Timeout = 30", 29.0),
        (b'timeout="75"', MOST_S),  # 74, and no balancer waits so long
        (b"timeout=1", 0.5),
        (b"timeout=0", 0.0),
        (b"timeout=" + b"9" * 5000, KEEP_S),
        (b"timeout=-1", KEEP_S),
        (b"max=1", KEEP_S),
        (b"", KEEP_S),
    ],
)
def test_a_server_is_left_before_the_moment_that_it_names(
    header: bytes, seconds: float
) -> None:
    assert keep_s(header) == seconds
