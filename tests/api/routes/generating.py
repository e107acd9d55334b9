"""A question to POST /generate, and all events of a streamed answer to it."""

from typing import Any

import httpx

from tests.api.client import MODEL, Event, events

QUESTION = {"prompt": "Why is the sky blue?", "model": MODEL}


def stream(http: httpx.Client, **more: Any) -> list[Event]:
    """All events of a streamed answer."""
    with http.stream("POST", "/generate?stream=true", json=QUESTION | more) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(events(answer.iter_lines()))
