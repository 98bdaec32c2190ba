"""Servers on loopback that say to a Redis client what no Redis says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def false_redis(answer: bytes, is_greeted: bool = True) -> AsyncIterator[str]:
    """Yields its address.  answer: to every command; is_greeted: the client's introduction is answered as it should be."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65536):
            greetings = said.upper().count(b"SETINFO") if is_greeted else 0
            writer.write(b"+OK\r\n" * greetings if greetings else answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
