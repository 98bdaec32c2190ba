"""What is written to a client's connection, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp
from uvicorn import Config

from rendermap.connections import ClientConnection, Crowd, Patience


class Wire(asyncio.Transport):
    """Keeps what is sent together together.  is_open: until it is closed or broken off."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 9)})
        self.sent: list[bytes] = []
        self.is_open = True

    def write(self, data: Any) -> None:
        assert self.is_open
        self.sent.append(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return not self.is_open

    def close(self) -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False


async def answered(app: ASGIApp, head: bytes, *, is_broken_off: bool = False) -> Wire:
    """What a client is sent for a request."""
    wire, config = Wire(), Config(app, lifespan="off", ws="none", log_config=None)
    config.load()
    connection = ClientConnection(config, Crowd(9, app, Patience()), {})
    connection.connection_made(wire)
    connection.data_received(b"GET / HTTP/1.1\r\nHost: maps.example\r\n" + head + b"\r\n")
    if is_broken_off:
        wire.abort()
    async with asyncio.timeout(30):
        while connection.server_state.tasks:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    return wire


def test_a_head_is_never_sent_without_its_body() -> None:
    """A process that is killed has sent the whole of a small answer or nothing, and a proxy asks another for what was not begun."""
    (sent,) = asyncio.run(answered(PlainTextResponse("a picture"), b"")).sent
    assert sent.startswith(b"HTTP/1.1 200 OK\r\n") and sent.endswith(b"\r\n\r\na picture")


def test_what_was_written_is_sent_before_a_connection_is_closed() -> None:
    """The last answer of a connection is whole; to a client that is gone nothing is sent."""
    closed = asyncio.run(answered(PlainTextResponse("a picture"), b"Connection: close\r\n"))
    assert not closed.is_open and b"".join(closed.sent).endswith(b"a picture")
    assert asyncio.run(answered(PlainTextResponse("a picture"), b"", is_broken_off=True)).sent == []


def test_an_answer_in_parts_is_sent_as_its_parts_come() -> None:
    """Nothing waits for what is not there yet."""

    async def parts() -> Any:
        for part in ("one", "two"):
            yield part
            await asyncio.sleep(0.01)

    sent = asyncio.run(answered(StreamingResponse(parts()), b"")).sent
    assert [part for part in (b"one", b"two") for piece in sent if part in piece] == [b"one", b"two"] and len(sent) == 3
