"""Scratch folders neither stay behind nor vanish under a worker that lives."""

from __future__ import annotations

import subprocess
import sys
import tempfile
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
    stranger = tmp_path / "rendermap-worker-notes"
    stranger.mkdir()
    assert sweep_scratch() == 1
    assert not left.exists() and ours.path.is_dir() and stranger.is_dir()
    ours.clear()
    assert not ours.path.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Whoever plants a link in the folder for temporary files gains nothing."""
    (tmp_path / "precious").write_text("x")
    trap = tmp_path / "rendermap-worker-trap"
    trap.mkdir()
    (trap / "in-use").symlink_to(tmp_path / "precious")
    assert sweep_scratch() == 0
    assert (tmp_path / "precious").exists()
