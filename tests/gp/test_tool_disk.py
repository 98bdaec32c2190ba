"""What files take of the disk."""

from __future__ import annotations

from pathlib import Path

from rendermap.gp.tool_disk import NAME_BYTES, takes_more

MB = 1 << 20


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
