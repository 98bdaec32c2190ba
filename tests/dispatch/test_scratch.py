"""Scratch folders neither stay behind nor vanish under a worker that lives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from rendermap.dispatch.scratch import make_scratch, sweep_scratch


@pytest.fixture(autouse=True)
def _own_tempdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_sweep_takes_what_a_killed_service_left_and_nothing_else(tmp_path: Path) -> None:
    """The folder of a dead process goes; a living one's and a stranger's folder stay."""
    code = "import os, signal; from rendermap.dispatch.scratch import make_scratch; make_scratch(); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", code], env={"TMPDIR": str(tmp_path)}, timeout=30, check=False)
    (left,) = tmp_path.iterdir()
    ours = make_scratch()
    stranger = tmp_path / "rendermap-scratch-notes"
    stranger.mkdir()
    assert sweep_scratch() == 1
    assert not left.exists() and ours.path.is_dir() and stranger.is_dir()
    ours.clear()
    assert not ours.path.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever plants a link in the folder for temporary files gains nothing."""
    (tmp_path / "precious").write_text("x")
    trap = tmp_path / "rendermap-scratch-1-trap"
    trap.mkdir()
    (trap / "in-use").symlink_to(tmp_path / "precious")
    assert sweep_scratch() == 0
    assert (tmp_path / "precious").exists()


def test_what_was_left_without_a_lock_goes_when_it_is_old_and_its_maker_dead(tmp_path: Path) -> None:
    """A service killed between making a folder and locking it leaves nothing for ever; a young folder or a living maker's stays."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    old, young, held = (tmp_path / f"rendermap-scratch-{name}" for name in (f"{gone.pid}-a", f"{gone.pid}-b", f"{os.getpid()}-c"))
    for folder in (old, young, held):
        (folder / "shared").mkdir(parents=True)
    for folder in (old, held):
        os.utime(folder, (time.time() - 3600, time.time() - 3600))
    assert sweep_scratch() == 1
    assert not old.exists() and young.exists() and held.exists()


def test_rooms_lie_in_the_folder_and_go_with_it(tmp_path: Path) -> None:
    """Every worker has a room of its own, beside what they share."""
    scratch = make_scratch()
    one, other = scratch.room(), scratch.room()
    assert one != other and one.parent == other.parent == scratch.path
    assert scratch.shared.is_dir() and scratch.path.stat().st_mode & 0o077 == 0
    scratch.clear()
    assert list(tmp_path.iterdir()) == []
