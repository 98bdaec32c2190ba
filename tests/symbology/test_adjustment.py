"""Brightness, contrast and saturation against the standard library's own arithmetic."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from rendermap.symbology import ramps
from rendermap.symbology.adjustment import adjust, settle
from rendermap.symbology.legend import ColorPatch, legend_items
from rendermap.symbology.style import (
    RGB,
    Classified,
    ColorAdjustment,
    RasterCategory,
    RasterClass,
    Stretch,
    StretchRecipe,
    Style,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Ramp

SOME = np.asarray([(200, 40, 90, 255), (10, 10, 10, 128), (255, 255, 255, 0), (120, 180, 30, 255)], np.uint8)


def one(color: np.ndarray, change: ColorAdjustment) -> tuple[int, ...]:
    return tuple(int(v) for v in adjust(color[np.newaxis], change)[0])


@pytest.mark.parametrize("color", SOME)
def test_brightness_and_contrast_turn_around_the_middle(color: np.ndarray) -> None:
    """((v - half) * contrast + half + brightness) to the power of 1 / gamma, alpha untouched."""
    expected = [min(max((v / 255 - 0.5) * 1.5 + 0.5 + 0.1, 0), 1) ** (1 / 2.0) * 255 for v in color[:3]]
    assert one(color, ColorAdjustment(0.1, 1.5, 2.0)) == pytest.approx((*expected, color[3]), abs=0.51)


@pytest.mark.parametrize("color", SOME)
@pytest.mark.parametrize("factor", [0.0, 0.4, 1.7])
def test_saturation_keeps_hue_and_lightness(color: np.ndarray, factor: float) -> None:
    """Less saturation in proportion; more along the curve of QGIS, which never passes full."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(v / 255 for v in color[:3]))
    wanted = saturation * factor if factor < 1 else 1 - (1 - saturation) ** (factor**2)
    expected = [v * 255 for v in colorsys.hls_to_rgb(hue, lightness, wanted)]
    assert one(color, ColorAdjustment(saturation=factor))[:3] == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("color", SOME)
def test_grays_negatives_and_tints(color: np.ndarray) -> None:
    """The three kinds of grey, the negative, and the hue of a tint with each colour's own lightness."""
    r, g, b = (float(v) for v in color[:3])
    assert one(color, ColorAdjustment(gray="luminosity"))[0] == pytest.approx(0.21 * r + 0.72 * g + 0.07 * b, abs=0.6)
    assert one(color, ColorAdjustment(gray="average"))[1] == pytest.approx((r + g + b) / 3, abs=0.6)
    assert one(color, ColorAdjustment(gray="lightness"))[2] == pytest.approx((max(r, g, b) + min(r, g, b)) / 2, abs=0.6)
    assert one(color, ColorAdjustment(is_negative=True))[:3] == (255 - r, 255 - g, 255 - b)
    hue, _, saturation = colorsys.rgb_to_hls(1.0, 0.25, 0.25)
    lightness = colorsys.rgb_to_hls(r / 255, g / 255, b / 255)[1]
    expected = [v * 255 for v in colorsys.hls_to_rgb(hue, lightness, saturation)]
    tinted = one(color, ColorAdjustment(tint=Color(255, 64, 64)))[:3]
    assert tinted == pytest.approx(expected, abs=1.6)
    assert one(color, ColorAdjustment(tint=Color(255, 64, 64), tint_strength=0.0)) == tuple(color)


def test_colours_of_classes_and_ramps_are_changed_once_and_told_by_the_legend() -> None:
    """Classes, categories and ramps carry the changed colours; composites keep the change for their pixels."""
    dark = ColorAdjustment(brightness=-0.2)
    classed = settle(Style(Classified((RasterClass(1.0, Color(100, 100, 100)),)), adjustment=dark))
    assert classed.adjustment is None
    assert [item.patch for item in legend_items(classed)] == [ColorPatch(Color(49, 49, 49))]
    unique = settle(Style(UniqueRaster((RasterCategory((1.0,), Color(100, 100, 100)),), Color(200, 200, 200)), adjustment=dark)).theme
    assert isinstance(unique, UniqueRaster) and (unique.classes[0].color.r, unique.default) == (49, Color(149, 149, 149))
    stretched = settle(Style(Stretch(ramps.GRAYS, StretchRecipe(limits=(0.0, 1.0))), adjustment=dark)).theme
    assert isinstance(stretched, Stretch) and ramps.color_at(stretched.ramp, 0.1).r == 0 and ramps.color_at(stretched.ramp, 1.0).r == 204
    assert settle(Style(RGB(), adjustment=dark)).adjustment == dark


def test_a_jump_in_a_ramp_stays_a_jump() -> None:
    """Two stops at one place are two colours before and after the change."""
    jump = Ramp(((0.0, Color(0, 0, 0)), (0.5, Color(0, 0, 0)), (0.5, Color(200, 0, 0)), (1.0, Color(200, 0, 0))))
    theme = settle(Style(Stretch(jump, StretchRecipe(limits=(0.0, 1.0))), adjustment=ColorAdjustment(is_negative=True))).theme
    assert isinstance(theme, Stretch)
    assert (ramps.color_at(theme.ramp, 0.49).r, ramps.color_at(theme.ramp, 0.51).r) == (255, 55)
