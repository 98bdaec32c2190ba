"""The connections of clients: how many at once, and how long each may keep us waiting.

uvicorn bounds how long a connection may be idle between two requests, and nothing else: not a request that comes byte by byte, nor an
answer that is not read.  Its own bound on connections refuses everybody once it is reached, those it has already taken included.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from rendermap.limits import REQUEST_S, REQUESTS_IN_A_ROW

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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(transport)
        surplus = len(self.connections) - self._crowd.most
        if surplus > 0:
            self.app = self._crowd.turned_away
        if surplus > self._crowd.most * TURNED_AWAY_SHARE:
            transport.abort()

    def on_message_begin(self) -> None:
        """Called by the parser; what it raises ends the connection."""
        if len(self.pipeline) >= REQUESTS_IN_A_ROW.value:
            raise OverflowError(REQUESTS_IN_A_ROW.sentence)
        super().on_message_begin()

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
