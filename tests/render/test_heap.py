"""Heap: what was freed goes back to the machine, when a worker rests or has grown much."""

from __future__ import annotations

import ctypes
import socket
import threading
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from rendermap.dispatch.wire import REQUEST
from rendermap.render import worker
from rendermap.render.heap import IDLE, RESTING, Heap, Memory, resident
from rendermap.render.worker import next_request

MB = 1 << 20
glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library gives memory back by itself")


class Watched:
    """A heap that notes when it was asked to give back."""

    def __init__(self) -> None:
        self.asked: list[Memory] = []

    def give_back(self, slack: Memory) -> None:
        self.asked.append(slack)


@glibc
@pytest.mark.parametrize(("slack", "goes_back"), [(16 * MB, True), (1 << 40, False)])
def test_what_was_freed_goes_back_beyond_the_slack(slack: int, goes_back: bool) -> None:
    """Small pieces below one that is kept, which the C library does not give back by itself; within the slack they are left to it."""
    heap = Heap()
    heap.give_back(RESTING)
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(64 << 10) for _ in range(1600)]
    for piece in pieces:
        ctypes.memset(piece, 1, 64 << 10)
    grown = resident().own
    for piece in pieces[:-1]:
        libc.free(piece)
    assert resident().own > grown - 20 * MB, "the C library keeps it"
    heap.give_back(Memory(slack, 1 << 40))
    assert (resident().own < grown - 80 * MB) == goes_back
    libc.free(pieces[-1])


@pytest.mark.parametrize(("slack", "goes_back"), [(16 * MB, True), (1 << 40, False)])
def test_pages_of_mapped_files_go_back_beyond_the_slack(slack: int, goes_back: bool, tmp_path: Path) -> None:
    """They are the machine's to keep, whose cache has them; what is looked at again is what it was, and what is written stays written."""
    read, written = (tmp_path / name for name in ("read", "written"))
    for file in (read, written):
        np.arange(8 * MB, dtype=np.uint64).tofile(file)
    looked_at, held = np.memmap(read, np.uint64, "r"), np.memmap(written, np.uint64, "c")
    heap = Heap()
    held[5] = 7
    total = looked_at.sum()
    grown = resident().mapped
    heap.give_back(Memory(1 << 40, slack))
    assert (resident().mapped < grown - 48 * MB) == goes_back
    assert looked_at.sum() == total == (8 * MB) * (8 * MB - 1) // 2
    assert held[5] == 7


@pytest.mark.parametrize(
    ("pause_s", "asked", "forgets"),
    [(0.0, [], False), (0.4, [IDLE], False), (1.5, [IDLE, RESTING], True)],
    ids=["busy", "idle", "rested"],
)
def test_a_worker_gives_back_when_it_rests(pause_s: float, asked: list[Memory], forgets: bool, monkeypatch: pytest.MonkeyPatch) -> None:
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
