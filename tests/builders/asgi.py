"""Asks an ASGI application on the loop that runs: addresses and headers arrive exactly as they are written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

HOST = "maps.example"
CLIENT = "203.0.113.9"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case, in the order sent."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The header's value, empty without one."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode("utf-8", errors="replace")


async def ask(app: ASGIApp, target: str, method: str = "GET", headers: Headers = (), body: bytes = b"", client: str = CLIENT) -> Answer:
    """The answer to one request.  target: path and query.  client: the address it comes from."""
    raw_path, _, query = target.partition("?")
    head = [(b"host", HOST.encode()), *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers)]
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "root_path": "",
        "path": unquote(raw_path), "raw_path": raw_path.encode("latin-1"), "query_string": query.encode("latin-1"), "headers": head,
        "client": (client, 50_000), "server": (HOST, 80),
    }  # fmt: skip
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop() if waiting else await asyncio.get_running_loop().create_future()  # a client that stays

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    told = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], told, b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body"))
