"""`llmbench.load` of a URL: what the server has, or its own words."""

import pytest
from pandas.testing import assert_frame_equal

import llmbench
from tests.api.client import Played, submit
from tests.api.server import Api


async def test_a_jobs_url_gives_the_frames_of_its_folder(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    found = llmbench.load(f"{api.url}/benchmark/{job_id}/")
    there = llmbench.load(api.settings.results_dir / job_id)
    assert len(found.samples) > 0
    assert_frame_equal(found.samples, there.samples)
    assert_frame_equal(found.targets, there.targets)


def test_what_has_not_ended_is_said_in_the_servers_words(api: Api) -> None:
    job_id = submit(api.http)
    with pytest.raises(OSError, match=r"409: .* is queued"):
        llmbench.load(f"{api.url}/benchmark/{job_id}")


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(OSError, match="does not answer"):
        llmbench.load("http://127.0.0.1:9/benchmark/01JZ0000000000000000000000")
