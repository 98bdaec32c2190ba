"""Clients that send or read slowly, or come in crowds, hold nothing for ever and keep nobody else from being answered."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap import hosting
from rendermap.connections import Patience
from rendermap.dispatch.plan import MapPlan
from rendermap.dispatch.pool import Drawn
from rendermap.jobs import manifest
from rendermap.limits import REQUESTS_IN_A_ROW
from tests.builders.counted_service import CountedService, Counter, geojson
from tests.builders.hosted import connect, get, hosted, read_all

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
MAP = "/arcgis/rest/services/Demo/MapServer"
FRAME = "bbox=700000,4000000,706000,4006000&size=100,100&f=image"
PATIENCE = Patience(request_s=2.0, answer_s=0.5, answer_bytes_per_s=1 << 20)
AT_ONCE_S, IN_TIME_S = 1.8, 6.0
LARGE_BYTES = 48 << 20
"""More than the kernel takes off our hands."""


class LargeCounter(Counter):
    """Draws pictures that are large on the wire."""

    async def draw(self, plan: MapPlan) -> Drawn:
        return Drawn(b"x" * LARGE_BYTES, False, 1, 1)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "LOOKS_EVERY_S", 0.05)
    monkeypatch.setattr(hosting, "LINGER_S", 0.05)


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    return CountedService(tmp_path, {"Demo": SERVICE})


@pytest.fixture
def port(service: CountedService) -> Iterator[int]:
    with hosted(service.assembled, patience=PATIENCE) as port:
        yield port


def export_of(service: CountedService, query: str = FRAME) -> str:
    """The address of a picture of a new job."""
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return f"{MAP}/jobs/{run.job_id}/export?{query}"


def seconds_until_closed(client: socket.socket, drip: bytes = b"") -> float:
    """How long the other side bears with one who sends a byte every now and then."""
    began, dripped = time.monotonic(), 0
    client.settimeout(0.05)
    while time.monotonic() - began < IN_TIME_S:
        try:
            if drip:
                client.send(drip[dripped % len(drip) :][:1])
                dripped += 1
            if client.recv(1 << 16) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("sent", "drip"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"", b"GET / HTTP/1.1\r\nX-Padding: " + b"a" * 1000),
        (b"GET / HTTP/1.1\r\nHost: maps.example\r\n", b"X-A: 1\r\n"),
        (b"POST /arcgis/rest/services HTTP/1.1\r\nHost: maps.example\r\nContent-Length: 1000\r\n\r\n", b"f=json&"),
        (b"POST /arcgis/rest/services HTTP/1.1\r\nHost: maps.example\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
        (b"POST /jobs HTTP/1.1\r\nHost: maps.example\r\nContent-Length: 1000\r\n\r\n", b"f=json&"),
        (b"GET /health/live HTTP/1.1\r\nHost: maps.example\r\n\r\n", b"\r\n"),
        (b"GET /health/live HTTP/1.1\r\nHost: maps.example\r\n\r\n", b"GET / HTTP/1.1\r\nX-Padding: " + b"a" * 1000),
    ],
    ids=["nothing", "blank lines", "head", "headers", "body", "chunks", "body after the answer", "blank lines later", "next head"],
)
def test_a_request_that_does_not_come_is_not_waited_for(port: int, sent: bytes, drip: bytes) -> None:
    """Whatever part of a request is sent byte by byte or not at all, the connection ends in time; others are answered meanwhile."""
    with closing(connect(port, sent)) as slow, closing(connect(port, get("/health/live", "Connection: close"))) as other:
        began = time.monotonic()
        assert b'"live"' in read_all(other) and time.monotonic() - began < AT_ONCE_S
        assert PATIENCE.request_s / 2 < seconds_until_closed(slow, drip) < IN_TIME_S


def test_a_request_that_comes_in_pieces_is_answered(service: CountedService, port: int) -> None:
    """One who is merely slow is not cut off: a picture is asked for by a form sent in three parts, twice on one connection."""
    path, _, form = export_of(service).partition("?")
    with closing(connect(port)) as client:
        for _ in range(2):
            head = (
                f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
            )
            for part in (head[:40], head[40:] + form[:20], form[20:]):
                client.sendall(part.encode())
                time.sleep(0.08)
            assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")
    assert len(service.counter.drawn) == 1


def test_one_who_waits_for_us_is_not_cut_off(tmp_path: Path) -> None:
    """A drawing that takes longer than any client's patience is delivered to whoever asked in one piece."""

    class SlowCounter(Counter):
        async def draw(self, plan: MapPlan) -> Drawn:
            await asyncio.sleep(1.5 * patience.request_s)
            return await super().draw(plan)

    patience = replace(PATIENCE, request_s=1.0)
    service = CountedService(tmp_path, {"Demo": SERVICE}, counter=SlowCounter())
    with hosted(service.assembled, patience=patience) as port:
        path = export_of(service)
        with closing(connect(port, get(path) + get(path, "Connection: close"))) as client:
            assert read_all(client).count(b"HTTP/1.1 200") == 2


def test_an_answer_that_is_not_read_is_broken_off(tmp_path: Path) -> None:
    """48 MB that nobody reads are let go in seconds; one who reads steadily gets every byte, though it takes longer than that."""
    service = CountedService(tmp_path, {"Demo": SERVICE}, counter=LargeCounter())
    with hosted(service.assembled, patience=PATIENCE) as port:
        path = export_of(service)
        with closing(connect(port, get(path, "Connection: close"))) as idle, closing(connect(port, get(path))) as steady:
            read, began = 0, time.monotonic()
            while read < LARGE_BYTES:
                chunk = steady.recv(1 << 20)
                assert chunk, "one who reads was cut off"
                read += len(chunk)
                time.sleep(max(0.0, read / (24 << 20) - (time.monotonic() - began)))
            assert time.monotonic() - began > 3 * PATIENCE.answer_s
            assert len(read_all(idle)) < LARGE_BYTES


def test_requests_in_a_row_are_answered_in_order_and_so_many_only(port: int) -> None:
    """A few requests sent at once are answered one after the other; a flood of them ends the connection instead of filling memory."""
    few, flood = get("/health/live") * 5 + get("/nothing", "Connection: close"), get("/health/live") * (REQUESTS_IN_A_ROW.value + 200)
    with closing(connect(port, few)) as client:
        said = read_all(client)
        assert said.count(b"HTTP/1.1 200") == 5 and said.count(b"HTTP/1.1 404") == 1 and said.rindex(b"200 OK") < said.index(b"404")
    with closing(connect(port, flood)) as client:
        assert read_all(client).count(b"HTTP/1.1 200") <= REQUESTS_IN_A_ROW.value + 1
    with closing(connect(port, get("/health/live", "Connection: close"))) as client:
        assert b'"live"' in read_all(client)


def test_one_connection_too_many_is_told_so(service: CountedService) -> None:
    """Beyond the limit a client hears 503, why, and when to come again; those before it are answered; a place is free when one leaves."""
    with hosted(service.assembled, most=20, patience=Patience()) as port, ExitStack() as open_ones:
        early = [open_ones.enter_context(closing(connect(port, get("/health/live")))) for _ in range(20)]
        assert all(b'"live"' in client.recv(1 << 16) for client in early)
        with closing(connect(port, get("/health/live"))) as late:
            head, _, body = read_all(late).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503") and b"retry-after: 5" in head and b"no-store" in head
        assert json.loads(body)["error"]["code"] == "Busy" and "too many connections" in json.loads(body)["error"]["message"]
        early[0].sendall(get("/health/live"))
        assert b'"live"' in early[0].recv(1 << 16)
        early.pop().close()
        time.sleep(0.1)
        with closing(connect(port, get("/health/live"))) as late:
            assert b'"live"' in late.recv(1 << 16)


def test_a_crowd_beyond_that_is_closed_without_a_word(service: CountedService) -> None:
    """What is answered and what is told to come again is bounded; the rest costs nothing."""
    with hosted(service.assembled, most=20, patience=Patience()) as port, ExitStack() as open_ones:
        clients = [open_ones.enter_context(closing(connect(port))) for _ in range(30)]
        assert all(read_all(client) == b"" for client in clients[25:])
        clients[0].sendall(get("/health/live", "Connection: close"))
        assert b'"live"' in read_all(clients[0])
