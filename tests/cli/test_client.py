"""A terminal that follows a job over the end and the return of the API."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cli import client
from cli.client import Api, Away, Refused

JOB = "01M83PA3G22FQBE9N1BXJMC6N2"
Said = tuple[int, Any] | None
"""Status and body of an answer; None: the connection is cut without one."""


@dataclass
class Played:
    """An API that is played: its answers, the last one for ever."""

    answers: list[Said]
    url: str = ""
    asked: int = 0


@pytest.fixture
def played() -> Iterator[Played]:
    found = Played([])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = found.answers[min(found.asked, len(found.answers) - 1)]
            found.asked += 1
            if said is None:
                self.close_connection = True
                return
            body = (
                said[1] if isinstance(said[1], bytes) else json.dumps(said[1]).encode()
            )
            self.send_response(said[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LOOK_S", 0.01)
    monkeypatch.setattr(client, "AGAIN_S", 0.01)


def state(status: str) -> Said:
    return 200, {"job_id": JOB, "status": status}


STORE_DOWN: Said = 503, {"detail": "The store does not answer."}


async def followed(url: str) -> tuple[list[str], list[str]]:
    """(the states that were seen, what was said)."""
    said: list[str] = []
    async with Api(url) as api:
        seen = [job["status"] async for job in api.follow(JOB, said.append)]
    return seen, said


async def test_an_api_that_restarts_ends_nobodys_following(played: Played) -> None:
    running, done = state("running"), state("done")
    played.answers = [running, None, None, STORE_DOWN, running, STORE_DOWN, done]
    seen, said = await followed(played.url)
    assert seen == ["running", "running", "done"]
    assert len(said) == 4, said
    assert f"No API answers at {played.url}" in said[0]
    assert f"{JOB} goes on without it" in said[0]
    assert said[1] == said[3] == f"The API at {played.url} answers again."
    assert said[2].startswith("The store does not answer.")


async def test_patience_has_an_end(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE_S", 0.1)
    played.answers = [state("running"), None]
    with pytest.raises(Away, match="No API answers"):
        await followed(played.url)
    assert played.asked > 3


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ((404, {"detail": "There is no benchmark."}), "There is no benchmark."),
        ((200, b"<html>"), "no API of ours"),
        ((200, [1, 2]), "no API of ours"),
    ],
)
async def test_what_waiting_does_not_mend_ends_it_at_once(
    played: Played, said: Said, sentence: str
) -> None:
    played.answers = [state("running"), said]
    with pytest.raises(Refused, match=sentence) as raised:
        await followed(played.url)
    assert not isinstance(raised.value, Away)
    assert played.asked == 2


async def test_separators_in_an_answer_are_no_ends_of_lines(played: Played) -> None:
    """The API sends U+2028, U+2029 and U+0085 as they are, within one line."""
    text = "a\u2028b\u2029c\x85d"
    events = [("delta", {"text": text}), ("done", {"response": text})]
    body = "".join(
        f"event: {name}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n"
        for name, told in events
    )
    played.answers = [(200, body.encode())]
    async with Api(played.url) as api:
        said = [each async for each in api.generate({"stream": True})]
    assert said == [text, {"response": text}]


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_is_no_json_is_a_sentence(
    played: Played, stream: bool
) -> None:
    played.answers = [(200, b"event: delta\ndata: {oops\n\n")]
    async with Api(played.url) as api:
        with pytest.raises(Refused, match="no API of ours"):
            _ = [each async for each in api.generate({"stream": stream})]
