"""flatten: the colour of each pixel over a ground, and a colour that no pixel has."""

import numpy as np
import pytest

from rendermap.imaging.flatten import flatten, free_color


@pytest.mark.parametrize("ground", [(255, 255, 255), (17, 34, 51), (0, 0, 0)])
def test_every_colour_at_every_alpha_is_rounded_to_nearest(ground: tuple[int, int, int]) -> None:
    """All 65,536 pairs, against the formula in fractions."""
    level, alpha = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.dstack([level, level, level, alpha]).astype(np.uint8)
    expected = np.rint((level * alpha)[..., np.newaxis] / 255 + np.array(ground) * (255 - alpha)[..., np.newaxis] / 255)
    assert np.array_equal(flatten(pixels, ground), expected)


@pytest.mark.parametrize("used", [0, 1, 5, 300])
def test_the_free_colour_is_the_nearest_to_white(used: int) -> None:
    """White itself where it is free."""
    words = (1 << 24) - 1 - np.arange(used)
    colors = np.column_stack([words >> 16, words >> 8 & 255, words & 255]).astype(np.uint8).reshape(-1, 3)
    red, green, blue = free_color(colors)
    assert (red << 16) + (green << 8) + blue == (1 << 24) - 1 - used
