"""What files take of the disk."""

from __future__ import annotations

import os
from pathlib import Path

from rendermap.gp.tool_disk import NAME_BYTES, takes_more
from rendermap.removal import remove_folder

MB = 1 << 20
PATH_BYTES, NAME_CHARS = 4096, 200


def test_files_are_counted_in_all_folders_and_by_what_they_take(tmp_path: Path) -> None:
    """Holes take nothing, an empty file something, what a link leads to nothing; a folder that is gone is none."""
    inner = tmp_path / "job" / "deep" / "deeper"
    inner.mkdir(parents=True)
    (inner / "data").write_bytes(b"x" * MB)
    with (tmp_path / "job" / "holes").open("wb") as file:
        file.truncate(1000 * MB)
    (tmp_path / "elsewhere").write_bytes(b"x" * 4 * MB)
    (tmp_path / "job" / "link").symlink_to(tmp_path / "elsewhere")
    assert takes_more(tmp_path / "job", MB - 1) and not takes_more(tmp_path / "job", 2 * MB)
    for number in range(100):
        (inner / str(number)).touch()
    assert takes_more(inner, MB + 99 * NAME_BYTES) and not takes_more(tmp_path / "gone", 0)


def test_a_file_of_several_names_is_counted_once(tmp_path: Path) -> None:
    """Its names are counted each."""
    (tmp_path / "data").write_bytes(b"x" * MB)
    for number in range(10):
        (tmp_path / str(number)).hardlink_to(tmp_path / "data")
    assert takes_more(tmp_path, MB + 9 * NAME_BYTES) and not takes_more(tmp_path, MB + 11 * NAME_BYTES)


def test_what_cannot_be_looked_at_may_be_of_any_size(tmp_path: Path) -> None:
    """Here because it lies deeper than a path may be long."""
    (tmp_path / "job").mkdir()
    here, levels = os.open(tmp_path / "job", os.O_RDONLY), list[int]()
    for _ in range(PATH_BYTES // NAME_CHARS + 1):
        os.mkdir("d" * NAME_CHARS, dir_fd=here)
        levels.append(here)
        here = os.open("d" * NAME_CHARS, os.O_RDONLY, dir_fd=here)
    assert takes_more(tmp_path / "job", MB)
    for level in (here, *levels):
        os.close(level)
    remove_folder(tmp_path / "job" / ("d" * NAME_CHARS) / ("d" * NAME_CHARS))
    assert not takes_more(tmp_path / "job", MB)
