"""An upstream of nothing but bills, and a reconciler that asks it."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from redis.asyncio import Redis

from shared.settings.settings import Settings
from shared.upstream import Contacts
from tests.children import CANARY
from tests.worker.ended.bills_desk import Bills, Desk
from worker.ended import bills as asking
from worker.ended.reconcile import Reconciler


@pytest.fixture
def bills() -> Iterator[Bills]:
    found = Bills()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.keys.add(self.headers["Authorization"])
            (name,) = parse_qs(urlsplit(self.path).query)["id"]
            status, said = found.answer(name)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}/api/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def desk(
    redis: Redis, bills: Bills, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(asking, "PAUSES_S", (0.01, 0.02, 0.04))
    settings = Settings.model_validate(
        {
            "openrouter_base_url": bills.url,
            "openrouter_api_key": CANARY,
            "upstream_kind": "openrouter",
            "results_dir": tmp_path / "results",
            "lease_s": 1.5,
            "heartbeat_s": 0.5,
            "reconcile_most": 40,
        }
    )
    contacts = Contacts(settings)
    found = Desk(
        redis,
        settings,
        Reconciler(redis, settings, contacts, "me", busy=lambda: found.busy),
    )
    yield found
    bills.gate.set()
    await found.reconciler.close()
    await contacts.close()
