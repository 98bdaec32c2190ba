"""A client that sends whatever bytes it is given and reads what comes back."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:.*chunked", re.IGNORECASE | re.MULTILINE)
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class Answer:
    """status: 0 for a connection that was closed without an answer, -1 for none in time.  head: with the status line."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """A header's value, empty without one."""
        found = re.search(rb"^" + name.encode() + rb":[ \t]*(.*?)\r?$", self.head, re.IGNORECASE | re.MULTILINE)
        return found[1].decode("latin-1") if found else ""


class Line:
    """A connection that is made anew when it was closed."""

    def __init__(self, port: int, wait_s: float) -> None:
        self._port = port
        self._wait_s = wait_s
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def exchange(self, sent: bytes, *, is_head: bool, wait_s: float | None = None) -> Answer:
        """The answer to what was sent.  wait_s: shorter than usual."""
        began = time.monotonic()
        fresh = self._socket is None
        answer = self._once(sent, is_head, wait_s or self._wait_s)
        if answer.status == 0 and not fresh:
            # closed because it had been idle, or after the answer before
            answer = self._once(sent, is_head, wait_s or self._wait_s)
        if b"\nconnection: close" in answer.head.lower() or answer.status <= 0:
            self.close()
        return Answer(answer.status, answer.head, answer.body, time.monotonic() - began)

    def _once(self, sent: bytes, is_head: bool, wait_s: float) -> Answer:
        deadline = time.monotonic() + wait_s
        data = b""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=wait_s)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.settimeout(wait_s)
            self._send(sent)
            while True:
                data = self._until(data, lambda read: b"\r\n\r\n" in read, deadline)
                head, _, rest = data.partition(b"\r\n\r\n")
                status = int(head.split(b" ", 2)[1])
                if status >= 200:
                    break
                data = rest
            return Answer(status, head, self._body(head, rest, status, is_head, deadline), 0)
        except TimeoutError:
            self.close()
            return Answer(-1, data[:1000], b"", 0)
        except (OSError, EOFError):
            self.close()
            return Answer(0, data[:1000], b"", 0)

    def _send(self, sent: bytes) -> None:
        assert self._socket
        try:
            self._socket.sendall(sent)
        except (ConnectionError, BrokenPipeError):
            # refused before all of it was said: the answer may be there nevertheless
            return

    def _body(self, head: bytes, rest: bytes, status: int, is_head: bool, deadline: float) -> bytes:
        if is_head or status in _BODILESS:
            return b""
        if length := _LENGTH.search(head):
            return self._until(rest, lambda read: len(read) >= int(length[1]), deadline)
        if _CHUNKED.search(head):
            return self._until(rest, lambda read: read.endswith(b"0\r\n\r\n"), deadline)
        try:
            return self._until(rest, lambda read: False, deadline)
        except EOFError as error:
            self.close()
            return bytes(error.args[0])

    def _until(self, data: bytes, is_done: Callable[[bytes], bool], deadline: float) -> bytes:
        assert self._socket
        while not is_done(data):
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            more = self._socket.recv(1 << 16)
            if not more:
                raise EOFError(data)
            data += more
        return data
