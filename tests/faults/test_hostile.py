"""Hostile requests, each over a bare socket to an API that is a process of its own."""

from tests.faults.hostile import MIB, MOST_GROWTH, all_hostile

TAKEN = {"CSV, rows of columns"}
"""A plan like another, if a strange one."""


async def test_hostile_requests_are_refused_and_hinder_nobody() -> None:
    came = await all_hostile(4 * MIB, MAX_PROMPTS="10000")
    for name, one in came.items():
        assert one.status == 202 if name in TAKEN else 400 <= one.status < 500, name
        assert name in TAKEN or one.content_type == "application/problem+json", name
        assert one.grown <= MOST_GROWTH, name
        assert one.health_s < 5, name  # the figure of `make faults` is far less
