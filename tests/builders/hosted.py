"""A service on a socket of this machine as `rendermap serve` hosts it, in a thread of the tests' own process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rendermap.assembly import Assembled
from rendermap.connections import Patience
from rendermap.hosting import Host

STARTUP_S = 60.0


@contextmanager
def hosted(assembled: Assembled, *, most: int = 1000, patience: Patience | None = None) -> Iterator[int]:
    """The port it listens on, until the end; it is then told to stop as by a signal."""
    host = Host(assembled, most=most, patience=patience)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        thread = threading.Thread(target=host.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + STARTUP_S
        while not host.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise TimeoutError("the service did not start")
            time.sleep(0.01)
        try:
            yield port
        finally:
            host.should_exit = True
            thread.join(STARTUP_S)


def connect(port: int, sent: bytes = b"") -> socket.socket:
    """A client of its own hand."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(sent)
    return client


def get(path: str, *headers: str) -> bytes:
    """The bytes of a request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: maps.example", *headers, "", ""]).encode()


def read_all(client: socket.socket) -> bytes:
    """What comes until the other side closes; a reset ends it too."""
    read = bytearray()
    try:
        while chunk := client.recv(1 << 16):
            read += chunk
    except ConnectionError:
        pass
    return bytes(read)
