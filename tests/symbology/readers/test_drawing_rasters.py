"""REST renderers of rasters."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology.document import Node
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.drawing_info.reader import read_layer
from rendermap.symbology.style import RGB, Classified, ShadedRelief, StatisticsSource, Stretch, StretchKind, StretchRecipe, Style, Theme

RAMP = {"type": "algorithmic", "fromColor": [0, 0, 0, 255], "toColor": [255, 255, 255, 255], "algorithm": "esriCIELabAlgorithm"}
STATS = [[0.0, 100.0, 40.0, 20.0]]


def read(**renderer: Any) -> tuple[Theme, list[str]]:
    found = read_layer(Node(renderer, "$"))
    return found.style.theme, [warning.where.removeprefix("$.") for warning in found.warnings]


def recipe_of(**more: Any) -> tuple[StretchRecipe, list[str]]:
    theme, notes = read(type="rasterStretch", colorRamp=RAMP, **more)
    assert isinstance(theme, Stretch)
    return theme.recipe, notes


@pytest.mark.parametrize(
    ("name", "kind", "limits"),
    [
        ("none", StretchKind.NONE, None),
        ("minMax", StretchKind.CUSTOM, (0.0, 100.0)),
        (5, StretchKind.CUSTOM, (0.0, 100.0)),
        ("standardDeviation", StretchKind.CUSTOM, (0.0, 80.0)),
        ("percentClip", StretchKind.PERCENT_CLIP, None),
        ("histogramEqualization", StretchKind.HISTOGRAM_EQUALIZE, None),
        ("sigmoid", StretchKind.SIGMOID, (0.0, 100.0)),
        (7, StretchKind.HISTOGRAM_SPECIFICATION, None),
    ],
)
def test_stretch_types(name: object, kind: StretchKind, limits: tuple[float, float] | None) -> None:
    """By name and by number; the document's own statistics bind where the type needs no more than them."""
    recipe, notes = recipe_of(stretchType=name, statistics=STATS, sigmoidStrengthLevel=5)
    assert (recipe.kind, recipe.limits, notes) == (kind, limits, [])
    assert bool(recipe.curve) is (kind is StretchKind.SIGMOID) and bool(recipe.target) is (name == 7)


def test_what_is_not_drawn_as_written_is_told() -> None:
    """The view's statistics, gammas to be found, a histogram that is not there, and unknown types."""
    viewed, notes = recipe_of(stretchType="minMax", statistics=STATS, dra=True)
    assert (viewed.source, viewed.limits, notes) == (StatisticsSource.VIEW, None, ["dra"])
    assert recipe_of(stretchType="minMax", useGamma=True, computeGamma=True)[1] == ["computeGamma"]
    assert recipe_of(stretchType=8)[1] == recipe_of(stretchType="magic")[1] == ["stretchType"]
    assert read(type="flowRenderer")[1] == read(type="vectorField")[1] == ["type"]


def test_bands_have_their_own_statistics_and_gammas() -> None:
    """Three bands without a ramp are colours; an rgb renderer says which bands."""
    rows = [[0, 10, 5, 1], {"min": 0, "max": 20, "avg": 5, "stddev": 1}, [0, 30, 5, 1]]
    theme, notes = read(type="rasterStretch", stretchType="minMax", statistics=rows, useGamma=True, gamma=[1, 2, 3])
    assert isinstance(theme, RGB) and notes == []
    assert [(r.limits, r.gamma) for r in theme.recipes] == [((0.0, 10.0), 1.0), ((0.0, 20.0), 2.0), ((0.0, 30.0), 3.0)]
    composite = read(type="rgb", bandIndex=[3, 2, 1], stretchType="none")[0]
    assert isinstance(composite, RGB) and composite.bands == (4, 3, 2)


def test_relief_of_every_kind() -> None:
    """Many lights and adjusted heights."""
    theme, notes = read(type="rasterShadedRelief", hillshadeType="multi-directional", scalingType="adjusted")
    assert (theme, notes) == (ShadedRelief(is_multidirectional=True, size_factor=0.024, size_power=0.664), [])


def test_more_classes_than_a_colour_table_has_are_refused() -> None:
    """In words that name the number."""
    with pytest.raises(StyleInvalid) as told:
        read(type="rasterColormap", colormapInfos=[{"value": i, "color": [1, 2, 3]} for i in range(70_000)])
    assert "70000" in (told.value.reason or "")


def test_a_gap_between_classes_has_no_colour() -> None:
    """Cells between two classes are of neither, and the legend has no line for them."""
    infos = [{"classMinValue": low, "classMaxValue": high, "symbol": {"color": [255, 0, 0, 255]}} for low, high in [(0, 5), (10, 20)]]
    theme, notes = read(type="classBreaks", classBreakInfos=infos)
    assert isinstance(theme, Classified) and notes == []
    assert [(round(c.upper, 6), c.color.a) for c in theme.classes] == [(5, 255), (10, 0), (20, 255)]
    assert theme.classes[1].upper < 10 and len(legend_items(Style(theme))) == 2
