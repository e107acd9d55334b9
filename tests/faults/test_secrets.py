"""The key of all tests: that it is looked for well, and where an upstream tells it."""

import base64
from pathlib import Path

import httpx
import pytest

from shared.run import Ending, Status
from simulator import bodies
from tests.children import CANARY
from tests.faults.canary import assert_no_secret
from tests.faults.stack import a_plan, a_stack
from tests.faults.talk import answer
from tests.faults.upstream import SCRIPTS, Talk


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_key_is_found_as_it_is_and_in_base64(before: str) -> None:
    text = f"{before}{CANARY} and more".encode()
    forms = text, base64.b64encode(text), base64.urlsafe_b64encode(text)
    for form in forms:
        with pytest.raises(AssertionError, match="our key is in here"):
            assert_no_secret(form, "here")
    assert_no_secret(text.replace(CANARY.encode(), b"***"), "here")


async def refuse_key(talk: Talk, _: str) -> None:
    """A refusal that repeats our key: it ends the run, and is the run's own error."""
    body = bodies.encode(bodies.error(401, f"no such key: {talk.call.key}"))
    await talk.send(answer(401, body))


SCRIPTS["refuse-key"] = refuse_key


async def test_a_key_that_an_upstream_repeats_is_told_to_nobody_who_asks(
    tmp_path: Path,
) -> None:
    """What was said to anybody is looked through at the end of the stack."""
    async with a_stack(tmp_path) as stack:
        url = stack.start_api()
        stack.fleet.start()
        job_id = await stack.submit(a_plan("refuse-key", n=4))
        failed = await stack.reaches(job_id, Status.FAILED)
        assert failed.ending is Ending.BAD_KEY
        async with httpx.AsyncClient(trust_env=False, base_url=url) as http:
            view = (await http.get(f"/benchmark/{job_id}")).json()
            events = (await http.get(f"/benchmark/{job_id}/events")).text
            asked = {"prompt": "Why?", "model": "refuse-key"}
            refused = await http.post("/generate", json=asked)
            failing = await http.post("/generate", json={**asked, "model": "echo-key"})
        assert view["status"] == "failed"
        assert "no such key" in view["error"], "what it said did not come"
        assert "failed" in events
        assert (refused.status_code, failing.status_code) == (502, 502)
        assert "no such key" in refused.text
        assert "bad header" in failing.text
