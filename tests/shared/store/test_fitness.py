"""A store that cannot be worked with is told so at the start, and not asked again."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from shared.settings.check import Check
from shared.settings.settings import Settings
from shared.startup.ports import free_port
from shared.store import away, embedded, fitness, keys
from shared.store.client import connect
from shared.store.client import connect_blocking as blocking

SECRET = "c4naryc4nary"


@pytest.fixture
def own_url(tmp_path: Path) -> Iterator[str]:
    """A store whose settings this test may change."""
    store = embedded.start(tmp_path / "store")
    yield store.url
    store.stop()


@pytest.fixture
def own(own_url: str) -> Iterator[Redis]:
    with blocking(own_url) as client:
        yield client


def seen(url: str, **more: bool) -> Check:
    settings = Settings(redis_url=url, **more)  # type: ignore[arg-type]
    (check,) = fitness.store(settings)
    assert SECRET not in check.line
    return check


def as_user(url: str, login: str) -> str:
    return url.replace("unix://", f"unix://{login}@")


def test_a_store_that_can_be_worked_with_is_ok_and_keeps_nothing_of_the_look(
    own_url: str, own: Redis
) -> None:
    check = seen(own_url)
    assert (check.name, check.level) == ("store", "ok")
    assert own.keys() == [keys.BORN.encode()]


def test_no_store_is_none_of_its_business() -> None:
    assert fitness.store(Settings()) == ()


@pytest.mark.parametrize(
    "login", [f"default:{SECRET}x", f"nobody:{SECRET}", f":{SECRET}x"]
)
def test_a_wrong_login_is_a_sentence(own_url: str, own: Redis, login: str) -> None:
    own.config_set("requirepass", SECRET)
    check = seen(as_user(own_url, login))
    assert check.level == "bad"
    assert "refuses us (invalid username-password pair" in check.line
    assert seen(as_user(own_url, f":{SECRET}")).level == "ok"


def test_a_missing_login_is_a_sentence(own_url: str, own: Redis) -> None:
    own.config_set("requirepass", SECRET)
    check = seen(own_url)
    assert check.level == "bad"
    assert "refuses us (Authentication required.)" in check.line


@pytest.mark.parametrize(
    "right", ["-set", "-eval", "-hset", "-xadd", "-publish", "-time", "-setbit"]
)
def test_a_right_that_is_missing_is_a_sentence(
    own_url: str, own: Redis, right: str
) -> None:
    own.acl_setuser("ann", True, True, keys=["*"], channels=["*"], commands=["+@all"])
    own.execute_command("ACL", "SETUSER", "ann", right)
    check = seen(as_user(own_url, f"ann:{SECRET}"))
    assert check.level == "bad"
    assert right[1:] in check.line
    assert "the rights of that user" in check.line


def test_a_user_may_be_kept_to_our_keys(own_url: str, own: Redis) -> None:
    own.acl_setuser(
        "ann",
        enabled=True,
        nopass=True,
        keys=[f"{keys.PREFIX}*", "arq:*"],
        channels=[f"{keys.PREFIX}*"],
        commands=["+@all", "-@dangerous"],
    )
    check = seen(as_user(own_url, f"ann:{SECRET}"))
    assert (check.level, "does not tell" in check.line) == ("warn", True)


def test_a_database_that_is_not_there_is_a_sentence(own_url: str) -> None:
    check = seen(own_url.replace("db=0", "db=99"))
    assert check.level == "bad"
    assert "DB index is out of range" in check.line
    assert "number of the database" in check.line


@pytest.mark.parametrize(
    ("setting", "value"), [("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")]
)
def test_one_that_may_lose_rows_is_bad_unless_that_is_allowed(
    own_url: str, own: Redis, setting: str, value: str
) -> None:
    own.config_set(setting, value)
    check = seen(own_url)
    assert (check.level, "ALLOW_VOLATILE=1" in check.line) == ("bad", True)
    assert seen(own_url, allow_volatile=True).level == "warn"


def test_one_that_is_away_may_come_yet() -> None:
    check = seen(f"redis://:{SECRET}@127.0.0.1:1/0")
    assert check.level == "warn"
    assert "redis://127.0.0.1:1/0 does not answer (ConnectionError)" in check.line


def test_a_query_that_is_not_understood_is_a_sentence(own_url: str) -> None:
    for query in (f"&word={SECRET}", f"&max_connections={SECRET}"):
        assert seen(own_url + query).level == "bad"


class _Played(socketserver.ThreadingTCPServer):
    """Answers every command with one text, INFO with another."""

    daemon_threads = True
    info = ""
    other = b"+OK\r\n"


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Played)
        while head := self.rfile.readline():
            if not head.startswith(b"*"):
                self.wfile.write(server.other)
                return
            words = []
            for _ in range(int(head[1:])):
                self.rfile.readline()
                words.append(self.rfile.readline().strip())
            if words[0] == b"INFO":
                body = server.info.encode()
                self.wfile.write(b"$%d\r\n%s\r\n" % (len(body), body))
            else:
                self.wfile.write(server.other)


@contextmanager
def played(info: str = "", other: bytes = b"+OK\r\n") -> Iterator[str]:
    with _Played(("127.0.0.1", 0), _Talk) as server:
        server.info, server.other = info, other
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ("redis_version:6.0.16\r\n", "is Redis 6.0.16; 6.2 is the oldest"),
        ("redis_version:3.2\r\n", "is Redis 3.2; 6.2 is the oldest"),
        ("redis_version:7.2.4\r\nredis_mode:cluster\r\n", "is a cluster"),
        ("redis_version:7.2.4\r\ncluster_enabled:1\r\n", "is a cluster"),
        ("redis_version:7.2.4\r\nredis_mode:sentinel\r\n", "is a sentinel"),
    ],
)
def test_a_store_of_another_kind_is_a_sentence(info: str, said: str) -> None:
    with played(info) as url:
        check = seen(url)
    assert check.level == "bad"
    assert said in check.line


def test_what_is_no_store_is_a_sentence() -> None:
    with played(other=b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        check = seen(url)
    assert check.level == "bad"
    assert "is no Redis" in check.line


# -- while a process runs --------------------------------------------------------------


@pytest.mark.parametrize("login", ["", ":wrong@", "ann:wrong@"])
async def test_a_refused_login_is_not_repeated_at_every_command(
    own: Redis, login: str
) -> None:
    port = free_port()
    own.config_set("port", port)
    own.config_set("requirepass", SECRET)
    before = own.info("stats")["total_connections_received"]  # type: ignore[index]
    redis = connect(f"redis://{login}127.0.0.1:{port}/0")
    for _ in range(20):
        with pytest.raises(AuthenticationError):
            await redis.time()
    await redis.aclose()
    after = own.info("stats")["total_connections_received"]  # type: ignore[index]
    assert after - before == 1


async def test_a_login_that_is_taken_again_is_used_again(
    own_url: str, own: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.store.client._FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr("shared.store.client.LoginPool._pause_s", 0.0)
    own.config_set("requirepass", SECRET)
    redis = connect(own_url)
    with pytest.raises(AuthenticationError):
        await redis.ping()
    own.config_set("requirepass", "")
    assert await redis.ping()
    await redis.aclose()


def test_what_a_command_carried_is_not_said_and_does_not_make_it_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away._said_s.clear()
    for number in range(3):
        said = (
            f"Command # 1 (SET key a prompt) {number}\n) of pipeline caused error: no"
        )
        away.say(NoPermissionError(said))
    (record,) = caplog.records
    assert record.getMessage().endswith("its rights: SET: no")


def test_what_is_away_is_said_once_and_a_refusal_with_its_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away._said_s.clear()
    for _ in range(5):
        away.say(ConnectionError("gone"))
        away.say(NoPermissionError("no rights to run 'set'"))
    away.say(ConnectionError("gone"), "the store's pushes are not heard")
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "the store does not answer: gone"),
        (
            "ERROR",
            "the store refuses us; correct the login in REDIS_URL or its rights:"
            " no rights to run 'set'",
        ),
        ("WARNING", "the store's pushes are not heard: gone"),
    ]
