"""Pictures in a few colours."""

from __future__ import annotations

import numpy as np
import pytest

from rendermap.imaging.posterise import channel_levels, posterised


@pytest.mark.parametrize("count", [2, 3, 4, 7, 8, 12, 27, 64, 100, 256])
def test_there_are_no_more_colours_than_asked(count: int) -> None:
    """However many there were; alpha stays, black stays black and white stays white."""
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200, 4), dtype=np.uint8)
    pixels[0, 0], pixels[0, 1] = (0, 0, 0, 9), (255, 255, 255, 8)
    found = posterised(pixels, count)
    colors = np.unique(found[..., :3].reshape(-1, 3), axis=0)
    assert count / 2 < len(colors) <= count
    assert (found[..., 3] == pixels[..., 3]).all()
    assert found[0, 0, :3].tolist() == [0, 0, 0] and found[0, 1, :3].tolist() == [255, 255, 255]


def test_green_has_the_most_levels() -> None:
    """And no channel has far more than another."""
    assert [channel_levels(count) for count in (8, 12, 18, 27, 64)] == [(2, 2, 2), (2, 3, 2), (3, 3, 2), (3, 3, 3), (4, 4, 4)]
