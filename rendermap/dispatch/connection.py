"""Our end of the socket to a worker: writes a request, gathers its answer, notices the worker's end.

Bodies are received straight into a buffer of their size; an answer nobody asked for, or too large, or malformed breaks the connection.
"""

from __future__ import annotations

import asyncio
import socket
from typing import cast

from rendermap.dispatch.wire import ANSWER, MAX_HEAD_BYTES, REQUEST, Answer, Head, WireBroken, from_json

READY = 0
"""The number of the answer a worker gives before it was asked anything."""
LAST_NUMBER = 0xFFFFFFFF


class Connection(asyncio.BufferedProtocol):
    """One question at a time.  The first answer, `READY`, is waited for from the start."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._number = READY
        self._fault: WireBroken | None = None
        self._transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(_retrieve)
        self._await_prefix()

    @classmethod
    async def over(cls, wire: socket.socket, max_body_bytes: int) -> Connection:
        """A connection over our half of a socket pair, which it owns from now on."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(lambda: cls(max_body_bytes), sock=wire)
        return connection

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """The answer to come; it fails with WireBroken when the worker ends or says anything else.  Raises WireBroken when it has ended."""
        if self._fault is not None or self._transport is None:
            raise self._fault or WireBroken("not connected")
        self._number = self._number % LAST_NUMBER + 1
        self.answer = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(_retrieve)
        self._transport.write(REQUEST.pack(self._number, len(request)) + request)
        return self.answer

    def break_off(self, why: str) -> None:
        """End the connection; whoever waits for an answer gets WireBroken."""
        self._fault = self._fault or WireBroken(why)
        if not self.answer.done():
            self.answer.set_exception(self._fault)
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_broken(self) -> bool:
        """True once the worker cannot be asked any more."""
        return self._fault is not None

    # --- asyncio.BufferedProtocol ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self.break_off(str(exc) if exc else "the worker is gone")

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by the loop."""
        del sizehint
        return memoryview(self._part)[self._have :]

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the loop."""
        self._have += nbytes
        if self._have < len(self._part):
            return
        try:
            self._advance(bytes(self._part))
        except WireBroken as fault:
            self.break_off(str(fault))

    # --- prefix, head, body, and again -------------------------------------------------------------------------------

    def _await_prefix(self) -> None:
        self._head_bytes = self._body_bytes = 0
        self._head: Head | None = None
        self._await_part(ANSWER.size)

    def _await_part(self, count: int) -> None:
        self._part, self._have = bytearray(count), 0

    def _advance(self, part: bytes) -> None:
        if self._head_bytes == 0:
            self._begin(*ANSWER.unpack(part))
        elif self._head is None:
            self._head = from_json(Head, part)
            if self._body_bytes:
                self._await_part(self._body_bytes)
            else:
                self._finish(self._head, b"")
        else:
            self._finish(self._head, part)

    def _begin(self, number: int, head_bytes: int, body_bytes: int) -> None:
        if number != self._number or (self.answer.done() and not self.answer.cancelled()):
            raise WireBroken(f"answer {number} when {self._number} was asked")
        if not 0 < head_bytes <= MAX_HEAD_BYTES or body_bytes > self._max_body_bytes:
            raise WireBroken(f"an answer of {head_bytes} + {body_bytes} bytes")
        self._head_bytes, self._body_bytes = head_bytes, body_bytes
        self._await_part(head_bytes)

    def _finish(self, head: Head, body: bytes) -> None:
        self._await_prefix()
        if not self.answer.done():  # else whoever asked is gone
            self.answer.set_result(Answer(head, body))


def _retrieve(answer: asyncio.Future[Answer]) -> None:
    """A worker may end while nobody asks: that is noticed elsewhere, and no error of its own."""
    if not answer.cancelled():
        answer.exception()
