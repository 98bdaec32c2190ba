"""Blend modes are the standard's: known values by its formulas, alpha by its compositing, at the speed of a tile."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from numpy.typing import NDArray

from rendermap.imaging.blend import BLENDS
from rendermap.imaging.color_mixing import SEPARABLE, WHOLE

Pixels = NDArray[np.uint8]

# (mode, backdrop, source, mix), worked out by hand from the formulas of Compositing Level 1, 10.1, and for the rest from their definitions
KNOWN = [
    ("multiply", 200, 100, 78),
    ("screen", 200, 100, 222),
    ("overlay", 200, 100, 188),
    ("overlay", 100, 200, 157),
    ("darken", 200, 100, 100),
    ("lighten", 200, 100, 200),
    ("color-dodge", 100, 128, 201),
    ("color-dodge", 0, 255, 0),
    ("color-dodge", 10, 255, 255),
    ("color-burn", 200, 128, 145),
    ("color-burn", 255, 0, 255),
    ("color-burn", 200, 0, 0),
    ("hard-light", 200, 100, 157),
    ("hard-light", 100, 200, 188),
    ("soft-light", 200, 100, 191),
    ("soft-light", 100, 200, 134),
    ("soft-light", 30, 200, 61),
    ("difference", 200, 100, 100),
    ("exclusion", 200, 100, 143),
    ("plus", 200, 100, 255),
    ("minus", 200, 100, 100),
    ("minus", 100, 200, 0),
    ("average", 200, 100, 150),
    ("invert", 200, 100, 55),
    ("linear-burn", 200, 100, 45),
    ("linear-light", 200, 100, 145),
    ("pin-light", 250, 100, 200),
    ("vivid-light", 200, 100, 185),
]


def flat(*color: int) -> Pixels:
    """A picture of one colour."""
    return np.full((4, 4, 4), color, np.uint8)


def blended(mode: str, below: tuple[int, ...], above: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(v) for v in BLENDS[mode](flat(*below), flat(*above))[0, 0])


@pytest.mark.parametrize(("mode", "below", "above", "mix"), KNOWN)
def test_known_values(mode: str, below: int, above: int, mix: int) -> None:
    """Opaque over opaque is the mix itself."""
    assert blended(mode, (below, below, below, 255), (above, above, above, 255)) == pytest.approx((mix, mix, mix, 255), abs=1)


def test_every_separable_mode_has_a_known_value() -> None:
    """No mode is untested."""
    assert {mode for mode, *_ in KNOWN} | {"reflect"} == set(SEPARABLE)


@pytest.mark.parametrize("mode", [*SEPARABLE, *WHOLE])
def test_on_an_empty_backdrop_the_source_shows_as_it_is(mode: str) -> None:
    """With nothing below, a blend mode mixes with nothing; a layer that is not there leaves what is below."""
    assert blended(mode, (9, 9, 9, 0), (200, 100, 50, 180)) == (200, 100, 50, 180)
    assert blended(mode, (200, 100, 50, 255), (9, 9, 9, 0)) == (200, 100, 50, 255)


@pytest.mark.parametrize("mode", SEPARABLE)
def test_alpha_of_both_layers_counts(mode: str) -> None:
    """co = as (1 - ab) Cs + as ab B(Cb, Cs) + (1 - as) ab Cb, wherever anything is seen."""
    random = np.random.default_rng(5)
    below, above = (random.integers(0, 256, (64, 64, 4), dtype=np.uint8) for _ in range(2))
    cb, ab, cs, as_ = (x.astype(float) / 255 for x in (below[..., :3], below[..., 3:], above[..., :3], above[..., 3:]))
    alpha = as_ + ab * (1 - as_)
    mix = np.clip(SEPARABLE[mode](cb, cs), 0, 1)
    wanted = (as_ * (1 - ab) * cs + as_ * ab * mix + (1 - as_) * ab * cb) / np.maximum(alpha, 1e-9)
    seen = alpha[..., 0] > 0.125
    assert np.abs(BLENDS[mode](below, above)[seen, :3] - wanted[seen] * 255).max() <= 2.5


def luminosity(color: tuple[int, ...]) -> float:
    return float(np.dot(color[:3], (0.3, 0.59, 0.11)))


def saturation(color: tuple[int, ...]) -> int:
    return max(color[:3]) - min(color[:3])


BELOW, ABOVE = (180, 120, 90, 255), (60, 110, 140, 255)


def hue(color: tuple[int, ...]) -> float:
    return colorsys.rgb_to_hsv(*(v / 255 for v in color[:3]))[0]


def test_modes_of_hue_saturation_and_luminosity() -> None:
    """Each takes from the upper layer what it is named after, and the rest from below."""
    made = {mode: blended(mode, BELOW, ABOVE) for mode in WHOLE}
    assert [luminosity(made[m]) for m in ("hue", "saturation", "color")] == pytest.approx([luminosity(BELOW)] * 3, abs=1.5)
    assert luminosity(made["luminosity"]) == pytest.approx(luminosity(ABOVE), abs=1.5)
    assert saturation(made["hue"]) == pytest.approx(saturation(BELOW), abs=2)
    assert saturation(made["saturation"]) == pytest.approx(saturation(ABOVE), abs=2)
    assert [hue(made[m]) for m in ("hue", "color")] == pytest.approx([hue(ABOVE)] * 2, abs=0.01)
    assert [hue(made[m]) for m in ("saturation", "luminosity")] == pytest.approx([hue(BELOW)] * 2, abs=0.01)


def test_a_colour_too_bright_is_drawn_towards_grey() -> None:
    """ClipColor of the standard: pure blue at the luminosity of near white keeps within 0 to 255 and that luminosity."""
    made = blended("color", (240, 240, 240, 255), (0, 0, 255, 255))
    assert luminosity(made) == pytest.approx(240, abs=1.5) and max(made) == 255


HALF = 128
PORTER_DUFF = [
    ("source-in", (200, 100, 50, 64)),
    ("source-out", (200, 100, 50, 64)),
    ("source-atop", (105, 55, 30, 128)),
    ("destination-over", (73, 39, 23, 192)),
    ("destination-in", (10, 10, 10, 64)),
    ("destination-out", (10, 10, 10, 64)),
    ("destination-atop", (105, 55, 30, 128)),
    ("xor", (105, 55, 30, 128)),
    ("lighter", (105, 55, 30, 255)),
]


@pytest.mark.parametrize(("mode", "wanted"), PORTER_DUFF)
def test_compositing_operators(mode: str, wanted: tuple[int, ...]) -> None:
    """Half transparent over half transparent, by the fractions of Porter and Duff."""
    assert blended(mode, (10, 10, 10, HALF), (200, 100, 50, HALF)) == pytest.approx(wanted, abs=1)


def test_a_sparse_layer_costs_little_more_than_laying_it_over() -> None:
    """Colours are mixed only where both layers show."""
    below, above = np.zeros((64, 64, 4), np.uint8), np.zeros((64, 64, 4), np.uint8)
    below[:32] = (100, 150, 200, 255)
    above[16:48] = (200, 100, 50, 255)
    made = BLENDS["luminosity"](below, above)
    assert (made[:16] == below[:16]).all() and (made[32:48] == above[32:48]).all() and not made[48:].any()
