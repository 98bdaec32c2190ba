"""Folders are removed, whatever is in them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from rendermap.removal import remove_folder

DEEP = 3000


def test_a_folder_goes_however_deep_it_is(tmp_path: Path) -> None:
    """Deeper than Python recurses and than a path may be long, with few descriptors; what links lead to stays."""
    folder = tmp_path / "job"
    folder.mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "kept").touch()
    here = os.open(folder, os.O_RDONLY)
    for level in range(DEEP):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
        if level % 500 == 0:
            os.mkdir("e", dir_fd=here)
            os.symlink(tmp_path / "else", "link", dir_fd=here)
            os.mkfifo("pipe", dir_fd=here)
    os.close(here)
    remove_folder(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["else"] and (tmp_path / "else" / "kept").exists()
    (tmp_path / "link").symlink_to(tmp_path / "else")
    with pytest.raises(NotADirectoryError):
        remove_folder(tmp_path / "link")


def test_folders_that_were_closed_are_opened_and_a_fault_keeps_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that may not be read or changed are of whoever removes them all the same; of what stays the first fault is told."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "job"
        for name in ("a", "b", "c"):
            (folder / name).mkdir(parents=True)
            (folder / name / "file").touch()
        (folder / "a").chmod(0o500)
        (folder / "b").chmod(0)
        unlink = os.unlink

        def refuse(path: str, *, dir_fd: int) -> None:
            if path == "stays":
                raise OSError(5, "Input/output error")
            unlink(path, dir_fd=dir_fd)

        monkeypatch.setattr(os, "unlink", refuse)
        (folder / "c" / "stays").touch()
        with pytest.raises(OSError, match="Input/output"):
            _as_nobody(Path(place), folder)
        assert [path.name for path in folder.rglob("*")] == ["c", "stays"]
        monkeypatch.undo()


def _as_nobody(place: Path, folder: Path) -> None:
    """Remove it without root's rights."""
    if os.geteuid():
        remove_folder(folder)
        return
    for path in (place, *place.rglob("*")):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        remove_folder(folder)
    finally:
        os.seteuid(0)
