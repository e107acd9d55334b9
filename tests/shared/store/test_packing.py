"""Commands are packed in C as the library packs them in Python."""

from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio.connection import Connection, UnixDomainSocketConnection

from shared.store.client import connect, packing

argument = (
    st.binary(max_size=40)
    | st.text(max_size=20)
    | st.integers()
    | st.floats(allow_nan=False)
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.sampled_from(("GET", "CONFIG GET", "EVALSHA", b"XADD", b"SCRIPT LOAD")),
    st.lists(argument, max_size=6),
)
def test_any_command_is_the_same_bytes(
    name: str | bytes, arguments: list[bytes | str | int | float]
) -> None:
    command = (name, *arguments)
    ours, theirs = packing(Connection)(), Connection()
    assert b"".join(ours.pack_command(*command)) == b"".join(
        theirs.pack_command(*command)
    )
    assert b"".join(ours.pack_commands([command] * 2)) == b"".join(
        theirs.pack_commands([command] * 2)
    )


async def test_each_kind_of_connection_keeps_what_it_is() -> None:
    for url, kind in (
        ("redis://h:1/2", Connection),
        ("unix:///s?db=1", UnixDomainSocketConnection),
    ):
        client = connect(url)
        made = client.connection_pool.make_connection()
        assert isinstance(made, kind)
        assert type(made).__name__ == f"Packing{kind.__name__}"
        await client.aclose()
