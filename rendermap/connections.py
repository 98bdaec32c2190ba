"""The connections of clients: how many at once, and how long each may keep us waiting.

uvicorn bounds how long a connection may be idle between two requests, and nothing else: not a request that comes byte by byte, nor an
answer that is not read.  Its own bound on connections refuses everybody once it is reached, those it has already taken included.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from rendermap.limits import BODY_BYTES, HEAD_BYTES, HEADERS, REQUEST_S, REQUESTS_IN_A_ROW, Limit

FRAMED_SHARE = 8
"""A body in pieces of a byte each takes so many times its bytes, nearly."""

REFUSAL = (
    "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
)

TURNED_AWAY_SHARE = 0.1
"""So many more connections than are answered are told so; beyond, they are closed without a word."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take.

    request_s: from the opening of the connection, or the last answer, to the end of a whole request, its body included.
    answer_s: an answer must be read at answer_bytes_per_s at least, which is looked at once in so many seconds.
    """

    request_s: float = REQUEST_S.value
    answer_s: float = 20.0
    answer_bytes_per_s: int = 16 * 1024


class Crowd(ServerState):
    """Everything connected.  most: connections that are answered.  turned_away: an ASGI application that answers the others."""

    def __init__(self, most: int, turned_away: Any, patience: Patience) -> None:
        super().__init__()
        self.most = most
        self.turned_away = turned_away
        self._patience = patience

    def part_with_slow(self, now_s: float) -> None:
        """Break off the connections that took too long.  now_s: of the event loop's clock."""
        for connection in tuple(self.connections):
            if isinstance(connection, ClientConnection):
                connection.part_if_slow(now_s, self._patience)


class InOnePiece:
    """A transport that sends what is written to it in one step of the event loop at once.

    The server writes a head and its body one after the other.  If the process were killed between the two, a proxy could not ask another
    for an answer whose head it has passed on already.
    """

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """See `asyncio.WriteTransport`."""
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(data)

    def close(self) -> None:
        """See `asyncio.BaseTransport`."""
        self._send()
        self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _send(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and not self._inner.is_closing():
            self._inner.writelines(pieces)


class ClientConnection(HttpToolsProtocol):
    """One client.  Belongs to a `Crowd`."""

    def __init__(
        self, config: Config, server_state: Crowd, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = server_state
        self._unanswered = 0
        self._waiting_since_s = self._marked_s = self.loop.time()
        self._marked_bytes = 0
        self._is_in_head = self._has_begun = False
        self._head_bytes = self._request_bytes = self._header_count = 0
        self._passed: Limit | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(InOnePiece(transport, self.loop))  # type: ignore[arg-type]
        surplus = len(self.connections) - self._crowd.most
        if surplus > 0:
            self.app = self._crowd.turned_away
        if surplus > self._crowd.most * TURNED_AWAY_SHARE:
            transport.abort()

    def on_message_begin(self) -> None:
        """Called by the parser; what it raises ends the connection."""
        if len(self.pipeline) >= REQUESTS_IN_A_ROW.value:
            raise OverflowError(REQUESTS_IN_A_ROW.sentence)
        self._is_in_head = self._has_begun = True
        self._head_bytes = self._request_bytes = self._header_count = 0
        super().on_message_begin()

    def data_received(self, data: bytes) -> None:
        """Called by the loop.  What is not whole yet lies in the parser, where only we count it."""
        self._has_begun = False
        super().data_received(data)
        if self.transport.is_closing() or self._has_begun:
            return
        self._request_bytes += len(data)
        self._head_bytes += len(data) if self._is_in_head else 0
        if self._head_bytes > HEAD_BYTES.value:
            self._refuse(HEAD_BYTES)
        elif self._request_bytes > HEAD_BYTES.value + FRAMED_SHARE * BODY_BYTES.value:
            self.transport.close()  # whoever reads bodies has refused it long before

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, for what follows a body in pieces too."""
        self._header_count += 1
        if self._header_count > HEADERS.value:
            self._passed = HEADERS
            raise OverflowError(HEADERS.sentence)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._is_in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Called when the parser understands no more."""
        if self._passed is not None:
            self._refuse(self._passed)
        else:
            super().send_400_response(msg)

    def _refuse(self, limit: Limit) -> None:
        """Say what is too much in a head, and leave: whatever else the client sent is part of it."""
        if self.cycle is None or self.cycle.response_complete:
            body = json.dumps({"error": {"code": "TooCostly", "message": limit.sentence}}).encode()
            self.transport.write(f"{REFUSAL}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._unanswered += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Called when an answer was handed to the transport; it may come before the end of a body that nobody reads."""
        self._unanswered -= 1
        self._waiting_since_s = self.loop.time()
        super().on_response_complete()

    def part_if_slow(self, now_s: float, patience: Patience) -> None:
        """End the connection when the client owes us a request, or the reading of an answer, for too long."""
        unread_bytes = self.transport.get_write_buffer_size()
        if self._is_read_slowly(unread_bytes, now_s, patience):
            self.transport.abort()
        elif unread_bytes:
            self._waiting_since_s = now_s
        elif self._unanswered <= 0 and now_s - self._waiting_since_s > patience.request_s:
            self.transport.close()  # what the kernel still has of an answer gets through

    def _is_read_slowly(self, unread_bytes: int, now_s: float, patience: Patience) -> bool:
        is_old = 0 < unread_bytes <= self._marked_bytes
        if is_old and now_s - self._marked_s < patience.answer_s:
            return False
        is_slow = is_old and self._marked_bytes - unread_bytes < patience.answer_bytes_per_s * patience.answer_s
        self._marked_s, self._marked_bytes = now_s, unread_bytes
        return is_slow
