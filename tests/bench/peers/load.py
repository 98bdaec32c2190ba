"""The two workloads over HTTP: cold addresses, and people who look at a map."""

from __future__ import annotations

import asyncio
import subprocess
import time
from dataclasses import dataclass, field

import httptools

CONNECTIONS_OF_A_BROWSER = 6
LONGEST_S = 120.0
PICTURES = (b"\x89PNG", b"\xff\xd8\xff")
NOTHING = (204, 404)
MOST_EMPTY = 0.02


@dataclass(slots=True)
class Load:
    """What came back.

    seconds: of each answer, or of each whole view.  empty: answers that there is nothing, as some servers say at the data's edge.
    bad: answers that were no picture.
    """

    seconds: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    answers: int = 0
    bytes: int = 0
    empty: int = 0
    bad: list[str] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Timed things a second."""
        return len(self.seconds) / self.wall_s

    def percentile_ms(self, share: float) -> float:
        """Milliseconds within which that share was done."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Answer:
    """One answer as the parser tells it.  keeps_alive: the connection may be used again, which it tells at its end alone."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.done = self.keeps_alive = False
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.done, self.keeps_alive = True, self.parser.should_keep_alive()


class Connection:
    """A keep-alive connection, opened anew when the server has closed it; a client library would cost more than some tiles."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body.  Raises OSError or TimeoutError."""
        async with asyncio.timeout(LONGEST_S):
            for last in (False, True):
                try:
                    return await self._ask(path)
                except (ConnectionError, asyncio.IncompleteReadError):
                    self.close()
                    if last:
                        raise
        raise AssertionError

    async def _ask(self, path: str) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = Answer()
        while not answer.done:
            data = await reader.read(1 << 18)
            if not data:
                raise ConnectionResetError
            answer.parser.feed_data(data)
        if not answer.keeps_alive:
            self.close()
        return answer.parser.get_status_code(), bytes(answer.body)

    def close(self) -> None:
        """Lets the connection go."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def ask(connection: Connection, path: str, load: Load, *, may_be_empty: bool = False) -> None:
    """One picture; whatever is none is told in `load.bad`, or counted in `load.empty` where that may be."""
    try:
        status, body = await connection.get(path)
    except (OSError, TimeoutError) as error:
        load.bad.append(f"{type(error).__name__}: {path}")
        return
    load.answers += 1
    load.bytes += len(body)
    if may_be_empty and status in NOTHING:
        load.empty += 1
    elif status != 200 or not body.startswith(PICTURES):
        load.bad.append(f"{status} {body[:200]!r}: {path}")


def ask_cold(port: int, paths: list[str], clients: int) -> Load:
    """All paths once, by so many clients, each of whom asks for the next when its last has come."""
    load = Load()

    async def client(waiting: list[str]) -> None:
        connection = Connection(port)
        while waiting:
            path, began = waiting.pop(), time.perf_counter()
            await ask(connection, path, load)
            load.seconds.append(time.perf_counter() - began)
        connection.close()

    async def everybody() -> None:
        waiting = paths[::-1]
        await asyncio.gather(*(client(waiting) for _ in range(clients)))

    began = time.perf_counter()
    asyncio.run(everybody())
    load.wall_s = time.perf_counter() - began
    return load


def look_around(port: int, people: list[list[list[str]]], longest_s: float) -> Load:
    """Sessions side by side: of each person the paths of each view; a view is whole when its last tile has come.

    All views are looked at, however long that takes: who is slow would else be timed by the first ones alone.  After longest_s the rest
    is bad, and so are more answers that there is nothing than the data's edge explains.
    """
    load = Load()

    async def person(views: list[list[str]], until: float) -> None:
        connections = [Connection(port) for _ in range(CONNECTIONS_OF_A_BROWSER)]
        for view in views:
            began = time.perf_counter()
            if began > until:
                load.bad.append(f"not looked at within {longest_s:.0f} s")
                continue
            waiting = view[::-1]
            await asyncio.gather(*(fetch_all(connection, waiting, load) for connection in connections))
            load.seconds.append(time.perf_counter() - began)
        for connection in connections:
            connection.close()

    async def everybody() -> None:
        until = time.perf_counter() + longest_s
        await asyncio.gather(*(person(views, until) for views in people))

    began = time.perf_counter()
    asyncio.run(everybody())
    load.wall_s = time.perf_counter() - began
    if load.empty > MOST_EMPTY * load.answers:
        load.bad.append(f"{load.empty} of {load.answers} answers say that there is nothing")
    return load


async def fetch_all(connection: Connection, waiting: list[str], load: Load) -> None:
    """Takes from a view's tiles until none waits."""
    while waiting:
        await ask(connection, waiting.pop(), load, may_be_empty=True)


def ask_again(port: int, path: str, seconds: float) -> tuple[float, float, float]:
    """One path over 16 connections, by wrk, since a client in Python is slower than some servers: (answers a second, p50, p99 in ms).

    Raises RuntimeError when an answer was none.
    """
    address = f"http://127.0.0.1:{port}{path}"
    said = subprocess.check_output(["wrk", "-t1", "-c16", f"-d{seconds:.0f}s", "--timeout", "20s", "--latency", address], text=True)
    if "Non-2xx" in said or "Socket errors" in said or "Requests/sec" not in said:
        raise RuntimeError(said)
    shares = {line.split()[0]: milliseconds(line.split()[1]) for line in said.splitlines() if line.split()[:1] in (["50%"], ["99%"])}
    rate = next(float(line.split()[1]) for line in said.splitlines() if line.startswith("Requests/sec"))
    return rate, shares["50%"], shares["99%"]


def milliseconds(said: str) -> float:
    """As wrk writes times: `830.00us`, `1.20ms`, `2.00s`."""
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if said.endswith(unit):
            return float(said.removesuffix(unit)) * factor
    raise ValueError(said)
