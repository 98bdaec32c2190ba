"""Colours and ramps of the style languages."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology import colors, ramps
from rendermap.symbology.symbols import Color, Ramp
from tests.builders.styles import node, rgb


@pytest.mark.parametrize(
    ("model", "values", "wanted"),
    [
        ("RGB", [10, 20, 30, 100], (10, 20, 30, 255)),
        ("RGB", [10, 20, 30, 0], (10, 20, 30, 0)),
        ("RGB", [10, 20, 30], (10, 20, 30, 255)),
        ("HSV", [120, 100, 100, 50], (0, 255, 0, 128)),
        ("HSV", [360, 100, 100, 100], (255, 0, 0, 255)),
        ("HSL", [240, 100, 50, 100], (0, 0, 255, 255)),
        ("CMYK", [0, 100, 100, 0, 100], (255, 0, 0, 255)),
        ("CMYK", [0, 0, 0, 100, 100], (0, 0, 0, 255)),
        ("Gray", [128, 100], (128, 128, 128, 255)),
        ("LAB", [100, 0, 0, 100], (255, 255, 255, 255)),
        ("LAB", [53.24, 80.09, 67.2, 100], (255, 0, 0, 255)),
    ],
)
def test_cim_models(model: str, values: list[float], wanted: tuple[int, ...]) -> None:
    """Each colour model becomes sRGB, with alpha from per cent."""
    found = colors.from_cim(node({"type": f"CIM{model}Color", "values": values}))
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 1


def test_cim_colour_faults() -> None:
    """No colour is transparent; wrong numbers of channels are invalid; unknown models are told."""
    assert colors.from_cim(None).a == 0
    with pytest.raises(StyleInvalid):
        colors.from_cim(node({"type": "CIMRGBColor", "values": [1, 2]}))
    odd = node({"type": "CIMPantoneColor", "values": [1]})
    assert colors.from_cim(odd).a == 255
    assert odd.notes


def test_lab_there_and_back() -> None:
    """Conversion to CIELAB and back loses nothing."""
    for color in (Color(255, 0, 0), Color(12, 200, 99), Color(250, 250, 250), Color(0, 0, 0)):
        assert colors.from_lab(*colors.to_lab(color)) == color


def linear(start: dict[str, Any] | None, end: dict[str, Any] | None) -> dict[str, Any]:
    ramp: dict[str, Any] = {"type": "CIMLinearContinuousColorRamp"}
    return ramp | ({"fromColor": start} if start else {}) | ({"toColor": end} if end else {})


def test_linear_ramp_keeps_its_ends() -> None:
    """Ends are exact, alpha runs too, and an end that is left out is black or white."""
    ramp = ramps.from_cim(node(linear(rgb(255, 0, 0, 0), rgb(0, 0, 255))))
    assert ramps.color_at(ramp, 0) == (255, 0, 0, 0)
    assert ramps.color_at(ramp, 1) == (0, 0, 255, 255)
    assert ramps.color_at(ramp, 0.5).a == 128
    bare = ramps.from_cim(node(linear(None, None)))
    assert (ramps.color_at(bare, 0), ramps.color_at(bare, 1)) == ((0, 0, 0, 255), (255, 255, 255, 255))


@pytest.mark.parametrize(
    ("direction", "middle"), [("Auto", (255, 255, 0)), ("Clockwise", (255, 255, 0)), ("Counterclockwise", (0, 0, 255))]
)
def test_polar_ramp_goes_round_the_hues(direction: str, middle: tuple[int, int, int]) -> None:
    """From red to green over yellow, or the other way over blue."""
    ramp = {"type": "CIMPolarContinuousColorRamp", "polarDirection": direction}
    ends = {
        "fromColor": {"type": "CIMHSVColor", "values": [0, 100, 100, 100]},
        "toColor": {"type": "CIMHSVColor", "values": [120, 100, 100, 100]},
    }
    assert ramps.color_at(ramps.from_cim(node(ramp | ends)), 0.5)[:3] == middle


def test_multipart_ramp_by_weights() -> None:
    """Parts are as long as their weights, and a jump between parts stays sharp."""
    parts = [linear(rgb(255, 0, 0), rgb(255, 0, 0)), linear(rgb(0, 0, 255), rgb(0, 0, 255))]
    ramp = ramps.from_cim(node({"type": "CIMMultipartColorRamp", "colorRamps": parts, "weights": [3, 1]}))
    assert ramps.color_at(ramp, 0.74)[:3] == (255, 0, 0)
    assert ramps.color_at(ramp, 0.76)[:3] == (0, 0, 255)
    assert [p for p, _ in ramp.stops] == sorted(p for p, _ in ramp.stops)
    assert (ramp.stops[0][0], ramp.stops[-1][0]) == (0.0, 1.0)


def test_random_ramp_is_the_same_everywhere() -> None:
    """A random ramp is drawn from a fixed seed, in its ranges."""
    json = {"type": "CIMRandomHSVColorRamp", "maxH": 360, "minS": 50, "maxS": 80, "minV": 50, "maxV": 70, "maxAlpha": 100}
    one, two = ramps.from_cim(node(json)), ramps.from_cim(node(json))
    assert one == two
    assert all(49 <= colors.to_hsv(c)[1] <= 82 for _, c in one.stops)


def test_reverse_cut_and_sample() -> None:
    """A ramp can be turned round, cut and sampled."""
    ramp = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(200, 100, 0))))
    assert ramps.color_at(ramps.reverse(ramp), 0.25) == ramps.color_at(ramp, 0.75)
    assert ramps.cut(ramp, 0.5, 1.0).stops == ((0.0, Color(100, 50, 0)), (1.0, Color(200, 100, 0)))
    assert ramps.sample(ramp, 3)[1] == (100, 50, 0, 255)


def test_esri_ramp_and_back() -> None:
    """A ramp of the REST JSON is read, and written as pieces between its stops."""
    json = {"type": "algorithmic", "algorithm": "esriHSVAlgorithm", "fromColor": [255, 0, 0, 255], "toColor": [0, 255, 0, 255]}
    ramp = ramps.from_esri(node(json))
    assert ramps.color_at(ramp, 0.5)[:3] == (255, 255, 0)
    assert len(ramps.to_esri(ramp)["colorRamps"]) == len(ramp.stops) - 1  # type: ignore[arg-type]
