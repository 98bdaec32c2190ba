"""Heap: what was freed goes back to the machine, when a worker rests or has grown much."""

from __future__ import annotations

import ctypes
import socket
import threading
from typing import cast

import pytest

from rendermap.dispatch.wire import REQUEST
from rendermap.render import worker
from rendermap.render.heap import IDLE_BYTES, Heap, _resident_bytes
from rendermap.render.worker import next_request

MB = 1 << 20
glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library gives memory back by itself")


class Watched:
    """A heap that notes when it was asked to give back."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def give_back(self, slack_bytes: int) -> None:
        self.asked.append(slack_bytes)


@glibc
@pytest.mark.parametrize(("slack", "goes_back"), [(16 * MB, True), (1 << 40, False)])
def test_what_was_freed_goes_back_beyond_the_slack(slack: int, goes_back: bool) -> None:
    """Small pieces below one that is kept, which the C library does not give back by itself; within the slack they are left to it."""
    heap = Heap()
    heap.give_back(0)
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(64 << 10) for _ in range(1600)]
    for piece in pieces:
        ctypes.memset(piece, 1, 64 << 10)
    grown = _resident_bytes()
    for piece in pieces[:-1]:
        libc.free(piece)
    assert _resident_bytes() > grown - 20 * MB, "the C library keeps it"
    heap.give_back(slack)
    assert (_resident_bytes() < grown - 80 * MB) == goes_back
    libc.free(pieces[-1])


@pytest.mark.parametrize(
    ("pause_s", "asked", "forgets"),
    [(0.0, [], False), (0.4, [IDLE_BYTES], False), (1.5, [IDLE_BYTES, 0], True)],
    ids=["busy", "idle", "rested"],
)
def test_a_worker_gives_back_when_it_rests(pause_s: float, asked: list[int], forgets: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only when nothing is asked for a while: between pictures in a row it would have to fetch the same memory, or datasets, again."""
    forgotten: list[bool] = []
    monkeypatch.setattr(worker, "IDLE_S", 0.1)
    monkeypatch.setattr(worker, "REST_S", 1.0)
    monkeypatch.setattr(worker, "forget_datasets", lambda: forgotten.append(True))
    ours, theirs = socket.socketpair()
    heap = Watched()
    asker = threading.Timer(pause_s, ours.sendall, [REQUEST.pack(1, 2) + b"hi"])
    asker.start()
    if not pause_s:
        asker.join()
    assert next_request(theirs, cast(Heap, heap)) == (1, b"hi")
    asker.join()
    assert heap.asked == asked
    assert bool(forgotten) is forgets
    ours.close()
    theirs.close()
