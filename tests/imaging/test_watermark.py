"""The text over a picture: the same on all tiles, readable on any ground, and the map below it readable too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rendermap.imaging.watermark import watermarked
from rendermap.render.swatches import sheet_fonts

Pixels = NDArray[np.uint8]
TEXT = "anna.schmidt  2026-11-27\nj0d1f9e8b7a6c5d4e3f2a1b0c9d8e7f60"


def plain(level: int, width: int = 768, height: int = 512) -> Pixels:
    pixels = np.full((height, width, 4), level, np.uint8)
    pixels[..., 3] = 255
    return pixels


def marked(pixels: Pixels, corner_px: tuple[int, int] = (0, 0), text: str = TEXT, ratio: float = 1.0) -> Pixels:
    return watermarked(pixels, text, corner_px, sheet_fonts(), ratio)


@pytest.mark.parametrize("corner", [(0, 0), (123, 457), (-20_000_001, 13_999_999), (10**10 + 7, -(10**10))])
def test_tiles_fit_together(corner: tuple[int, int]) -> None:
    """Cut into tiles and marked one by one, a picture is the same as marked whole, wherever it lies."""
    ground = np.random.default_rng(1).integers(0, 256, (512, 768, 4), dtype=np.uint8)
    whole = marked(ground, corner)
    for top in (0, 256):
        for left in (0, 256, 512):
            part = marked(ground[top : top + 256, left : left + 256], (corner[0] + left, corner[1] + top))
            assert (part == whole[top : top + 256, left : left + 256]).all()


@pytest.mark.parametrize("level", [0, 40, 128, 215, 255])
def test_it_can_be_read_on_any_ground(level: int) -> None:
    """Some of the letters or their rims stand out from black, white and all greys between."""
    difference = np.abs(marked(plain(level))[..., :3].astype(int) - level).max(axis=2)
    assert (difference > 35).mean() > 0.02


@pytest.mark.parametrize("level", [0, 128, 255])
def test_the_map_below_can_be_read(level: int) -> None:
    """Most of it is untouched, and nowhere is it hidden: two grounds can be told apart everywhere."""
    shown = marked(plain(level)).astype(int)
    assert (np.abs(shown[..., :3] - level).max(axis=2) > 8).mean() < 0.25
    other = level + 60 if level < 128 else level - 60
    assert np.abs(marked(plain(other)).astype(int) - shown)[..., :3].max(axis=2).min() > 20


def test_where_nothing_is_drawn_the_text_is() -> None:
    """A layer of a few lines would otherwise carry a few dots of it."""
    empty = np.zeros((256, 256, 4), np.uint8)
    assert 0.02 < (marked(empty)[..., 3] > 0).mean() < 0.4


def test_every_tile_carries_some_of_it() -> None:
    """However long the text, no tile of 256 pixels is free of it."""
    shown = marked(plain(255, 2048, 2048), text=TEXT + "\n" + "a long line of words that goes on and on")
    touched = (shown[..., 0] < 250).reshape(8, 256, 8, 256).mean(axis=(1, 3))
    assert touched.min() > 0.01


def test_a_sharp_picture_has_larger_letters() -> None:
    """Twice as many pixels at twice the ratio show the same text as large."""
    one, two = marked(plain(255, 600, 600)), marked(plain(255, 1200, 1200), ratio=2.0)
    halved = two.reshape(600, 2, 600, 2, 4).mean(axis=(1, 3))
    covered = [(255 - picture[..., 0].astype(float)).mean() for picture in (one, halved)]
    assert covered[0] == pytest.approx(covered[1], rel=0.2)


@pytest.mark.parametrize("name", ["张伟", "Ольга", "محمد", "राम", "김"])
def test_names_of_other_scripts_have_their_letters(name: str) -> None:
    """No two of them look alike, as empty boxes would."""
    other = "王芳" if name == "张伟" else "张伟"
    assert (marked(plain(255), text=name + "\nj1") != marked(plain(255), text=other + "\nj1")).any()
    boxes = marked(plain(255), text="\uffff" * len(name) + "\nj1")
    assert (marked(plain(255), text=name + "\nj1") != boxes).any()


def test_an_empty_name_draws_too() -> None:
    """A text of blanks marks nothing and breaks nothing."""
    assert (marked(plain(200), text=" \n ") == plain(200)).all()
