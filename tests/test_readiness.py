"""The service says that it is not ready, and why, before it cannot draw any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermap import readiness
from rendermap.readiness import Readiness, available_bytes
from tests.builders.counted_service import CountedService, Counter

MEGABYTE = 1 << 20


@pytest.mark.parametrize(
    ("ready", "queue_share", "free_mb", "leaves", "reasons"),
    [
        (True, 0.0, 1000, False, ()),
        (True, 0.89, 300, False, ()),
        (True, 0.0, None, False, ()),
        (False, 0.0, 1000, False, ("no drawing process is up",)),
        (True, 0.9, 1000, False, ("the queue of drawings is nearly full",)),
        (True, 0.0, 255, False, ("memory is short",)),
        (True, 0.0, 1000, True, ("the service is shutting down",)),
        (False, 1.0, 0, False, ("no drawing process is up", "the queue of drawings is nearly full", "memory is short")),
    ],
)
def test_every_reason_is_told_in_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ready: bool,
    queue_share: float,
    free_mb: int | None,
    leaves: bool,
    reasons: tuple[str, ...],
) -> None:
    """503 with all reasons, 200 with none; never out of a cache."""
    counter = Counter()
    counter.ready, counter.queue_share = ready, queue_share
    monkeypatch.setattr(readiness, "available_bytes", lambda: None if free_mb is None else free_mb * MEGABYTE)
    service = CountedService(tmp_path, {}, counter=counter)
    if leaves:
        service.app.state.readiness.leave()
    answer = service.get("/health/ready")
    assert answer.status_code == (503 if reasons else 200) and answer.headers["cache-control"] == "no-store"
    assert answer.json() == ({"status": "not ready", "reasons": list(reasons)} if reasons else {"status": "ready"})


def test_nobody_minds_memory_when_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound of 0 is none."""
    monkeypatch.setattr(readiness, "available_bytes", lambda: 0)
    assert Readiness(Counter(), 0).reasons() == ()


def lay_out(root: Path, files: dict[str, str]) -> Path:
    """A machine, as far as it tells about its memory."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MACHINE = {"proc/meminfo": "MemTotal:       8000 kB\nMemFree:         100 kB\nMemAvailable:   5000 kB\n"}
SECOND = "sys/fs/cgroup/kube/pod"
FIRST = "sys/fs/cgroup/memory"


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, None),
        (MACHINE, 5000 * 1024),
        (MACHINE | {"proc/self/cgroup": "0::/kube/pod\n", f"{SECOND}/memory.max": "max\n", f"{SECOND}/memory.current": "1\n"}, 5000 * 1024),
        (MACHINE | {"proc/self/cgroup": "0::/kube/pod\n", f"{SECOND}/memory.max": "1000\n", f"{SECOND}/memory.current": "700\n"}, 300),
        (
            MACHINE
            | {"proc/self/cgroup": "0::/kube/pod\n", f"{SECOND}/memory.max": "1000\n", f"{SECOND}/memory.current": "900\n"}
            | {f"{SECOND}/memory.stat": "anon 500\ninactive_file 350\nactive_file 50\n"},
            450,
        ),
        (
            MACHINE
            | {"proc/self/cgroup": "0::/kube/pod\n", f"{SECOND}/memory.max": "1000\n", f"{SECOND}/memory.current": "700\n"}
            | {"sys/fs/cgroup/kube/memory.max": "2000\n", "sys/fs/cgroup/kube/memory.current": "1900\n"},
            100,
        ),
        (
            MACHINE
            | {"proc/self/cgroup": "12:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n0::/\n", f"{FIRST}/memory.limit_in_bytes": "4000\n"}
            | {f"{FIRST}/memory.usage_in_bytes": "3500\n", f"{FIRST}/memory.stat": "inactive_file 1\ntotal_inactive_file 200\n"},
            700,
        ),
        (
            MACHINE
            | {"proc/self/cgroup": "4:memory:/a\n", f"{FIRST}/a/memory.limit_in_bytes": "9223372036854771712\n"}
            | {f"{FIRST}/a/memory.usage_in_bytes": "3500\n"},
            5000 * 1024,
        ),
        (MACHINE | {"proc/self/cgroup": "0::/kube/pod\n", f"{SECOND}/memory.max": "1000\n", f"{SECOND}/memory.current": "1200\n"}, 0),
    ],
    ids=["no linux", "machine", "no limit", "limit", "droppable", "limit above", "first kind", "first kind, none", "over"],
)
def test_the_tightest_bound_on_memory_counts(tmp_path: Path, files: dict[str, str], free: int | None) -> None:
    """Machine and control groups of both kinds, those above ours too; pages of files that can be dropped count as free."""
    assert available_bytes(lay_out(tmp_path, files)) == free


def test_this_machine_tells() -> None:
    """Some of its memory is free."""
    free = available_bytes()
    assert free is None or free > 0
