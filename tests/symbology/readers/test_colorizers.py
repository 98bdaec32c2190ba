"""CIM colorizers: each property lands in the style, and whatever is not drawn as written is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rendermap.errors import StyleInvalid
from rendermap.limits import CELL_CLASSES
from rendermap.symbology.document import Node
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.lyrx.colorizers import read_colorizer
from rendermap.symbology.stretch_curve import places_of
from rendermap.symbology.style import (
    RGB,
    Classified,
    ColorAdjustment,
    Colormap,
    ShadedRelief,
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color
from tests.builders.styles import rgb

RED = Color(255, 0, 0)
RAMP = {"type": "CIMLinearContinuousColorRamp", "fromColor": rgb(0, 0, 0), "toColor": rgb(255, 255, 255)}


def read(kind: str, **more: Any) -> tuple[Style, list[str]]:
    """The style and what was told, as ``key: found``."""
    node = Node({"type": f"CIMRaster{kind}Colorizer", **more}, "$")
    style = read_colorizer(node)
    return style, [note.where.removeprefix("$.") for note in node.notes]


def stretch(**more: Any) -> tuple[StretchRecipe, list[str]]:
    style, notes = read("Stretch", colorRamp=RAMP, **more)
    assert isinstance(style.theme, Stretch)
    return style.theme.recipe, notes


# --- stretches -----------------------------------------------------------------------------------------------------------


def test_global_statistics_make_limits_and_curve_from_the_template() -> None:
    """The template's histogram equalises, clips and is matched without a look at the result."""
    histogram = [0, 0, 10, 10, 0, 0, 0, 20]
    stats = {"min": 0.0, "max": 80.0, "mean": 40.0, "stddev": 10.0, "histogram": histogram}
    recipe, notes = stretch(stretchType="HistogramEqualize", statsType="GlobalStats", stretchStats=stats)
    assert notes == [] and recipe.limits and recipe.source is StatisticsSource.TEMPLATE
    found = places_of(recipe, np.asarray([20.0, 30.0, 40.0, 75.0]), *recipe.limits)
    assert found == pytest.approx([0.0, 0.25, 0.5, 0.75], abs=0.02)
    clipped, _ = stretch(stretchType="PercentMinimumMaximum", minPercent=25, statsType="GlobalStats", stretchStats=stats)
    assert clipped.limits == pytest.approx((30.0, 80.0), abs=0.2)
    deviations, _ = stretch(stretchType="StandardDeviations", standardDeviationParam=1.5, statsType="GlobalStats", stretchStats=stats)
    assert deviations.limits == (25.0, 55.0)
    kept, _ = stretch(stretchType="HistogramEqualize", stretchStats=stats)
    assert kept.limits is None and kept.template_curve == recipe.curve


def test_global_statistics_that_are_not_written_are_told() -> None:
    """Without numbers the dataset's are used."""
    assert stretch(stretchType="MinimumMaximum", statsType="GlobalStats")[1] == ["stretchStats"]
    assert stretch(stretchType="HistogramEqualize", statsType="GlobalStats", stretchStats={"max": 9.0})[1] == ["stretchStats"]


def test_statistics_of_the_view_are_told_and_kept() -> None:
    """The operator may honour them; no stretch and custom limits need none."""
    recipe, notes = stretch(stretchType="StandardDeviations", statsType="AreaOfView")
    assert (recipe.source, notes) == (StatisticsSource.VIEW, ["statsType"])
    assert stretch(stretchType="None", statsType="AreaOfView")[1] == []
    assert stretch(useCustomStretchMinMax=True, customStretchMax=4, statsType="AreaOfView")[0].source is StatisticsSource.DATASET


def test_custom_lines_and_limits() -> None:
    """A line drawn in the histogram is the curve; limits between which a root is taken keep the root; exchanged ones are told."""
    edit = {"breakPointsX": [10, 50, 90], "breakPointsY": [0, 204, 255], "editType": "Lines"}
    recipe, notes = stretch(stretchType="Custom", histogramEditInfo=edit)
    assert (recipe.kind, recipe.limits, notes) == (StretchKind.CUSTOM, (10.0, 90.0), [])
    assert recipe.curve == ((10.0, 0.0), (50.0, 0.8), (90.0, 1.0))
    assert stretch(stretchType="Custom", histogramEditInfo=edit | {"editType": "Splines"})[1] == ["histogramEditInfo.editType"]
    root, _ = stretch(stretchType="SquareRoot", useCustomStretchMinMax=True, customStretchMax=16)
    assert (root.kind, root.limits) == (StretchKind.SQUARE_ROOT, (0.0, 16.0))
    turned, notes = stretch(useCustomStretchMinMax=True, customStretchMin=9, customStretchMax=3)
    assert (turned.limits, notes) == ((3.0, 9.0), ["customStretchMin"])


def test_tables_and_histograms_as_arcgis_writes_them() -> None:
    """A custom stretch may be a table of 256 outputs; a histogram's bins lie between its own limits, beyond the least value."""
    table = [min(2 * i, 255) for i in range(256)]
    recipe, _ = stretch(stretchType="Custom", lookup=table, stretchStats={"min": 0, "max": 510})
    assert recipe.limits == (0.0, 510.0)
    assert places_of(recipe, np.asarray([100.0, 300.0]), 0.0, 510.0) == pytest.approx([100 / 255, 1.0], abs=0.01)
    assert stretch(stretchType="Custom", lookup=list(range(256)))[0].curve == ()
    stats = {"min": 0.0, "max": 3.0, "limitMin": -0.5, "limitMax": 3.5, "histogram": [1, 1, 1, 1]}
    clipped, _ = stretch(stretchType="PercentMinimumMaximum", minPercent=25, statsType="GlobalStats", stretchStats=stats)
    assert clipped.limits == pytest.approx((0.5, 3.0))


def test_histogram_to_be_matched() -> None:
    """Its counts are the target; one that is not written is told."""
    recipe, notes = stretch(stretchType="HistogramSpecification", specificationHistogram={"histogram": [1, 2, 3]})
    assert (recipe.target, notes) == ((1.0, 2.0, 3.0), [])
    assert stretch(stretchType="HistogramSpecification")[1] == ["specificationHistogram"]


def test_background_missing_cells_colours_and_resampling() -> None:
    """What a colorizer says beside its kind."""
    style, notes = read(
        "Stretch",
        colorRamp=RAMP,
        displayBackgroundValue=True,
        backgroundColor=rgb(255, 0, 0),
        noDataColor=rgb(0, 255, 0),
        brightness=20,
        contrast=50,
        saturation=-40,
        resamplingType="NearestNeighbor",
        bandIndex=2,
    )
    theme = style.theme
    assert isinstance(theme, Stretch) and (theme.band, theme.background, theme.background_color) == (3, 0.0, RED)
    assert (style.nodata_color, style.resampling, notes) == (Color(0, 255, 0), "nearest", [])
    assert style.adjustment == ColorAdjustment(0.4, 2.0, saturation=0.6)
    assert read("Stretch", noDataColor=rgb(0, 255, 0, 0))[0].nodata_color is None
    assert read("Stretch", resamplingType="CubicConvolution")[1] == ["resamplingType"]
    assert read("UniqueValue", resamplingType="BilinearInterpolation")[1] == ["resamplingType"]
    assert read("Classify", classBreaks=[{}], resamplingType="BilinearInterpolation")[0].resampling == "bilinear"
    assert read("Stretch", resamplingType="Majority")[0].resampling == "majority"
    lit = read("Stretch", useHillshadeEffect=True)[0].theme
    assert isinstance(lit, Stretch) and lit.relief == ShadedRelief()


# --- classes -------------------------------------------------------------------------------------------------------------


def test_classes_of_an_attribute_with_exclusions() -> None:
    """Field, excluded values and ranges with their colour; normalisation is told."""
    listed = [{"upperBound": 5, "color": rgb(255, 0, 0)}]
    style, notes = read(
        "Classify",
        classBreaks=listed,
        field="DEPTH",
        exclusionValues=[3],
        exclusionRanges=[7, 6],
        useExclusionColor=True,
        exclusionColor=rgb(0, 0, 255),
        exclusionLabel="no",
        normalizationField="AREA",
    )
    theme = style.theme
    assert isinstance(theme, Classified) and (theme.field, theme.excluded) == ("DEPTH", ((3.0, 3.0), (6.0, 7.0)))
    assert (theme.excluded_color, theme.excluded_label, notes) == (Color(0, 0, 255), "no", ["normalizationField"])
    assert read("Classify", classBreaks=listed, exclusionRanges=[1, 2, 3])[1] == ["exclusionRanges"]


def test_classes_listed_from_the_highest_down() -> None:
    """A document that says so turns the legend round, and only that."""
    listed = [{"upperBound": 1, "color": rgb(255, 0, 0)}, {"upperBound": 2, "color": rgb(0, 0, 255)}]
    for more, uppers in ({}, ["1", "2"]), ({"showInAscendingOrder": False}, ["2", "1"]):
        style, told = read("Classify", classBreaks=listed, **more)
        assert [value for item in legend_items(style) for value in item.values] == uppers and told == []


def test_null_is_a_row_of_the_attribute_table_and_no_cell() -> None:
    """``<Null>`` stays among the texts of a column, and is no number of a cell."""
    groups = [{"classes": [{"values": ["<Null>", "A"], "color": rgb(255, 0, 0)}]}]
    column, cells = read("UniqueValue", fieldName="COVER", groups=groups)[0].theme, read("UniqueValue", groups=groups)
    assert isinstance(column, UniqueRaster) and column.classes[0].texts == ("<Null>", "A")
    assert isinstance(cells[0].theme, UniqueRaster) and cells[0].theme.classes == () and cells[1]


def test_more_classes_than_a_colour_table_has_are_refused_in_words() -> None:
    """100,000 classes: named, counted and refused, in each kind that lists them."""
    many = 100_000
    classes = [{"values": [str(i) for i in range(many)], "color": rgb(1, 2, 3)}]
    for kind, more in (
        ("UniqueValue", {"groups": [{"classes": classes}]}),
        ("Classify", {"classBreaks": [{"upperBound": i} for i in range(many)]}),
        ("ColorMap", {"colors": [rgb(1, 2, 3)] * many}),
    ):
        with pytest.raises(StyleInvalid) as told:
            read(kind, **more)
        assert CELL_CLASSES.sentence in (told.value.reason or "") and str(many) in (told.value.reason or "")


def test_band_numbers_that_are_unset_are_the_first() -> None:
    """-1 stands for unset."""
    theme = read("ColorMap", bandID=-1, colors=[rgb(1, 2, 3)])[0].theme
    assert isinstance(theme, Colormap) and theme.band == 1


# --- several bands, surfaces -----------------------------------------------------------------------------------------------


def test_bands_have_limits_gammas_and_statistics_of_their_own() -> None:
    """Each of red, green and blue by its own keys; the alpha band only where it is used."""
    style, notes = read(
        "RGB",
        stretchType="MinimumMaximum",
        stretchStatsType="GlobalStats",
        stretchStatsRed={"max": 10.0},
        stretchStatsGreen={"max": 20.0},
        stretchStatsBlue={"min": 5.0, "max": 30.0},
        useGammaStretch=True,
        gammaR=1.5,
        gammaB=2.5,
        redBandIndex=2,
        alphaBandIndex=3,
        useAlphaBand=True,
        displayBackgroundValue=True,
        backgroundValueGreen=7,
        backgroundColor=rgb(255, 0, 0),
    )
    theme = style.theme
    assert isinstance(theme, RGB) and notes == []
    assert [(r.limits, r.gamma) for r in theme.recipes] == [((0.0, 10.0), 1.5), ((0.0, 20.0), 1.0), ((5.0, 30.0), 2.5)]
    assert (theme.bands, theme.alpha_band, theme.background, theme.background_color) == ((3, 1, 1), 4, (0.0, 7.0, 0.0), RED)
    unused = read("RGB", alphaBandIndex=-1, useAlphaBand=True)[0].theme
    assert isinstance(unused, RGB) and unused.alpha_band == 0


def test_inks_are_turned_round() -> None:
    """Cyan, magenta and yellow as what they leave of red, green and blue, with black over all."""
    theme = read("CMYK", stretchType="None")[0].theme
    assert isinstance(theme, RGB) and (theme.bands, theme.black_band) == ((1, 2, 3), 4)
    assert all(recipe.invert for recipe in (*theme.recipes, theme.black_recipe))


def test_relief_of_every_kind() -> None:
    """Many lights, heights adjusted to the cell's size, and the map's light, which is told."""
    theme = read("ShadedRelief", hillShadeType="Multidirectional", scalingType="Adjusted", pixelSizeFactor=0.1)[0].theme
    assert theme == ShadedRelief(is_multidirectional=True, size_factor=0.1, size_power=0.664)
    assert read("ShadedRelief", useMapIlluminationProperties=True)[1] == ["useMapIlluminationProperties"]


def test_arrows_are_drawn_by_their_magnitude() -> None:
    """A vector field is a stretch of its magnitude between the limits it has, and says so."""
    style, notes = read("VectorField", magnitudeBandIndex=1, minimumMagnitude=2.0, maximumMagnitude=8.0)
    assert isinstance(style.theme, Stretch) and (style.theme.band, style.theme.recipe.limits, notes) == (2, (2.0, 8.0), ["$"])
    open_field = read("VectorField")[0].theme
    assert isinstance(open_field, Stretch) and open_field.recipe.kind is StretchKind.PERCENT_CLIP


def test_arrows_of_two_components_are_drawn_by_the_first() -> None:
    """The limits of the magnitude are not those of a component, which is told."""
    limits = {"magnitudeBandIndex": 1, "minimumMagnitude": 2.0, "maximumMagnitude": 8.0}
    style, notes = read("VectorField", isUVComponents=True, **limits)
    assert isinstance(style.theme, Stretch) and (style.theme.band, style.theme.recipe.limits) == (1, None)
    assert notes == ["isUVComponents"]
