"""Cards: what front ends are told."""

import pytest

from rendermap.cards import without_paths


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Executing (Viewshed): /data/jobs/j1/scratch/dem.tif done", "Executing (Viewshed): [path] done"),
        (r"cannot open C:\arcgis\jobs\x.gdb now", "cannot open [path] now"),
        (r"read \\server\share\dem.tif", "read [path]"),
        ("ERROR 000732: 'file:///srv/x.tif'", "ERROR 000732: '[path]'"),
        ("Speed 3 m/s, 1/2 of the cells, and/or more", "Speed 3 m/s, 1/2 of the cells, and/or more"),
        ("See https://example.org/help/page", "See https://example.org/help/page"),
    ],
)
def test_messages_lose_their_paths_and_nothing_else(text: str, shown: str) -> None:
    """A path in a tool's message tells strangers about the server; fractions and addresses stay."""
    assert without_paths(text) == shown
