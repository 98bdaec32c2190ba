"""Threads of jobs: one that is ready before its job is known is kept to that job's folder like any other."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rendermap.landlock import is_available
from rendermap.render.confinement import PR_SET_NO_NEW_PRIVS
from rendermap.render.job_threads import JobThreads
from rendermap.render.readiness import warm_up_thread

pytestmark = pytest.mark.skipif(not is_available(ctypes.CDLL(None)), reason="this kernel does not keep files apart")


@dataclass
class WarmUp:
    """Tells where it was done, beside what a worker does."""

    threads: list[int] = field(default_factory=list)

    def __call__(self) -> None:
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        warm_up_thread()
        self.threads.append(threading.get_ident())


def jobs_in(folder: Path) -> tuple[Path, Path]:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "data").write_text(name)
    return folder / "a", folder / "b"


def test_a_thread_that_was_ready_reads_its_job_alone(tmp_path: Path) -> None:
    """What a library opened before does not let a job's thread read another job, or another job use the thread."""
    first, second = jobs_in(tmp_path)
    warm_up, scratch = WarmUp(), tmp_path / "scratch"
    scratch.mkdir()
    threads = JobThreads(scratch, warm_up)
    threads.hold_ready()
    threads.hold_ready()
    assert threads.run(first, lambda: (threading.get_ident(), (first / "data").read_text())) == (*warm_up.threads, "a")
    with pytest.raises(PermissionError):
        threads.run(first, (second / "data").read_text)
    threads.hold_ready()
    assert threads.run(second, lambda: (threading.get_ident(), (second / "data").read_text())) == (warm_up.threads[1], "b")
    with pytest.raises(PermissionError):
        threads.run(second, (first / "data").read_text)


def test_a_thread_that_cannot_be_kept_to_its_job_does_no_work(tmp_path: Path) -> None:
    """A link in place of a job's folder is refused, each time anew, and nothing was done for it."""
    first, _ = jobs_in(tmp_path)
    (tmp_path / "link").symlink_to(first)
    threads, done = JobThreads(tmp_path, WarmUp()), list[str]()
    for _ in range(2):
        threads.hold_ready()
        with pytest.raises(OSError, match="link"):
            threads.run(tmp_path / "link", lambda: done.append("work"))
    assert not done
