"""Layer files of ArcGIS Pro: what each construct means, and the traps found in real files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology.expressions.tree import Column, Comparison, Literal, columns
from rendermap.symbology.readers.lyrx.reader import read as read_file
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    Colormap,
    Method,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Fill, Hatch, Marker, Stroke, Symbol
from tests.builders.styles import (
    Json,
    breaks,
    feature_layer,
    fill,
    group_layer,
    raster_layer,
    read,
    rgb,
    simple,
    stroke,
    style_file,
    symbol,
    unique,
    vector_marker,
)

RED = Color(255, 0, 0)
RAMP: Json = {"type": "CIMLinearContinuousColorRamp", "fromColor": rgb(0, 0, 0), "toColor": rgb(255, 255, 255)}


def one(layer: Json) -> NamedStyle:
    (found,) = read(layer)
    return found


def theme_of(layer: Json) -> Theme:
    return one(layer).style.theme


def drawn(*layers: Json, kind: str = "Polygon", **more: object) -> Symbol:
    theme = theme_of(feature_layer(simple(symbol(kind, *layers, **more))))
    assert isinstance(theme, Single)
    return theme.symbol


# --- layers ------------------------------------------------------------------------------------------------------------


def test_groups_pass_on_opacity_and_scales() -> None:
    """A group's transparency multiplies, its scale range narrows; layers come in the file's order without groups."""
    layers = read(
        group_layer("G", ["a", "b"], transparency=50, minScale=100_000),
        feature_layer(simple(), "a", transparency=20, minScale=500_000, maxScale=1000),
        raster_layer({"type": "CIMRasterStretchColorizer"}, "b"),
        roots=["G"],
    )
    assert [layer.name for layer in layers] == ["a", "b"]
    assert layers[0].style.opacity == pytest.approx(0.4)
    assert layers[1].style.opacity == pytest.approx(0.5)
    assert layers[0].style.min_scale_denominator == pytest.approx(100_000 * 0.9449, rel=1e-4)
    assert layers[0].style.max_scale_denominator == pytest.approx(944.9, rel=1e-4)


def test_groups_in_a_ring_are_invalid() -> None:
    """A document that refers to itself does not run for ever."""
    with pytest.raises(StyleInvalid):
        read(group_layer("G", ["G"]), roots=["G"])


def test_definition_query() -> None:
    """The filter is read; one that cannot be understood is invalid rather than left out, for it hides things."""
    layer = feature_layer(simple(), featureTable={"definitionExpression": "A = 1"})
    assert one(layer).style.filter == Comparison("=", Column("A"), Literal(1))
    with pytest.raises(StyleInvalid) as caught:
        one(feature_layer(simple(), featureTable={"definitionExpression": "A = CURRENT_DATE()"}))
    assert "definitionExpression" in (caught.value.reason or "")


def test_keys_in_other_case_and_files_with_faults(tmp_path: Path) -> None:
    """``URI`` for ``uRI`` is found; a fault names its file and JSON path."""
    layer = feature_layer(simple())
    layer["URI"] = layer.pop("uRI")
    assert one(layer).name == "Features"
    file = style_file(tmp_path / "a b.lyrx", feature_layer(simple(symbol("Line", stroke(width="wide")))))  # type: ignore[arg-type]
    with pytest.raises(StyleInvalid) as caught:
        read_file(file)
    assert "a b.lyrx" in (caught.value.reason or "")
    assert "$.layerDefinitions[0].renderer.symbol.symbol.symbolLayers[0].width" in (caught.value.reason or "")


# --- symbols -----------------------------------------------------------------------------------------------------------


def test_symbol_layers_are_top_first_in_the_file() -> None:
    """The outline written first is drawn last."""
    assert drawn(stroke(rgb(0, 0, 0), 2), fill(rgb(255, 0, 0))).layers == (Fill(RED), Stroke(Color(0, 0, 0), 2.0))


def test_layers_that_are_off_or_without_width_draw_nothing() -> None:
    """``enable`` absent is off, as false is left out; so is a width of zero."""
    off = fill(rgb(1, 2, 3))
    del off["enable"]
    assert drawn(off, stroke(width=0), fill(rgb(255, 0, 0))).layers == (Fill(RED),)


def test_dashes_offset_and_caps() -> None:
    """Effects of a stroke: an odd dash template is doubled; the offset is to the right in CIM and to the left here."""
    effects = [{"type": "CIMGeometricEffectDashes", "dashTemplate": [4, 2, 1]}, {"type": "CIMGeometricEffectOffset", "offset": 3}]
    (found,) = drawn(stroke(width=2, capStyle="Butt", joinStyle="Miter", effects=effects), kind="Line").layers
    assert found == Stroke(Color(0, 0, 0), 2.0, (4, 2, 1, 4, 2, 1), "butt", "miter", -3.0)


def test_hatching() -> None:
    """A hatch fill has its line, angle and separation."""
    line = symbol("Line", stroke(rgb(255, 0, 0), 0.5))["symbol"]
    (found,) = drawn({"type": "CIMHatchFill", "enable": True, "lineSymbol": line, "rotation": 45, "separation": 4}).layers
    assert found == Hatch(Stroke(RED, 0.5), 45.0, 4.0)


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "CIMPictureFill", "enable": True, "url": "data:image/png;base64,"},
        {"type": "CIMPictureMarker", "enable": True, "size": 9},
        {"type": "CIMCharacterMarker", "enable": True, "size": 9, "characterIndex": 65, "fontFamilyName": "Esri Wetland"},
        {"type": "CIMGradientStroke", "enable": True, "width": 1, "colorRamp": RAMP},
        {"type": "CIMPictureStroke", "enable": True, "width": 1},
    ],
)
def test_what_cannot_be_drawn_has_the_nearest_thing_and_a_warning(layer: Json) -> None:
    """Nothing is dropped in silence: something is drawn, and the JSON path is told."""
    found = one(feature_layer(simple(symbol("Polygon", layer))))
    assert isinstance(found.style.theme, Single)
    assert found.style.theme.symbol.layers
    assert found.warnings[0].where.startswith("$.layerDefinitions[0].renderer.symbol.symbol.symbolLayers[0]")


def test_character_markers_of_the_common_font() -> None:
    """Its circle is a circle, and the outlined one has no fill."""
    inner = {"type": "CIMPolygonSymbol", "symbolLayers": [fill(rgb(255, 0, 0))]}
    common = {"type": "CIMCharacterMarker", "enable": True, "size": 10, "fontFamilyName": "ESRI Default Marker", "symbol": inner}
    (full,) = drawn({**common, "characterIndex": 33}, kind="Point").layers
    (hollow,) = drawn({**common, "characterIndex": 40}, kind="Point").layers
    assert isinstance(full, Marker) and full.path == CIRCLE and full.fill == RED
    assert isinstance(hollow, Marker) and hollow.fill is None and hollow.stroke and hollow.stroke.color == RED


def test_arrow_at_the_end_of_a_line() -> None:
    """A marker placed at the share 1 of a line stands at its end."""
    arrow = vector_marker(8, {"rings": [[[-5, 4], [5, 0], [-5, -4]]]}, fill(rgb(255, 0, 0)))
    arrow["markerPlacement"] = {"type": "CIMMarkerPlacementDecorations", "positionArray": [1], "angleToLine": True}
    found = drawn(arrow, stroke(), kind="Line").layers
    assert isinstance(found[1], Marker) and found[1].placement == "last"


# --- features ----------------------------------------------------------------------------------------------------------


def test_unique_values() -> None:
    """Values stay text, null is null, and a class that is switched off draws nothing."""
    json = unique(["A", "B"], [(["1", "x"], symbol("Polygon", fill(rgb(255, 0, 0)))), (["<Null>", "y"], symbol("Polygon"))])
    json["groups"][0]["classes"][1]["visible"] = False
    theme = theme_of(feature_layer(json))
    assert isinstance(theme, Categories)
    assert theme.fields == ("A", "B")
    assert [c.values for c in theme.classes] == [(("1", "x"),), ((None, "y"),)]
    assert theme.classes[1].symbol == Symbol()


def test_the_default_symbol_is_used_only_when_told() -> None:
    """A default symbol is written also where it is off: ``useDefaultSymbol`` decides, not ``isDefaultSymbolVisible``."""
    more = {"defaultSymbol": symbol("Polygon", fill(rgb(9, 9, 9))), "isDefaultSymbolVisible": True, "defaultLabel": "<all other values>"}
    off, on = (theme_of(feature_layer(unique(["A"], [], **more, **flag))) for flag in ({}, {"useDefaultSymbol": True}))
    assert isinstance(off, Categories) and off.default is None
    assert isinstance(on, Categories) and on.default == Symbol((Fill(Color(9, 9, 9)),))


def test_a_class_break_without_upper_bound_ends_at_zero() -> None:
    """Zero is left out: a missing limit is neither an error nor unbounded."""
    theme = theme_of(feature_layer(breaks("A", [-5.0, None, 7.5], minimumBreak=-10)))
    assert isinstance(theme, Breaks)
    assert [c.upper for c in theme.classes] == [-5.0, 0.0, 7.5]
    assert theme.minimum == -10
    assert theme.method is Method.MANUAL


def test_minimum_break_left_out_or_unset() -> None:
    """Absent is zero; the lowest double is no limit; zero above the first class cannot be meant."""
    for more, wanted in (({}, 0.0), ({"minimumBreak": -1.7976931348623157e308}, -math.inf)):
        theme = theme_of(feature_layer(breaks("A", [1.0, 2.0], **more)))
        assert isinstance(theme, Breaks) and theme.minimum == wanted
    theme = theme_of(feature_layer(breaks("A", [-2.0, -1.0])))
    assert isinstance(theme, Breaks) and theme.minimum == -math.inf


def test_normalisations() -> None:
    """By a field it is kept; by logarithm the limits are turned back into the field's numbers."""
    by_field = theme_of(feature_layer(breaks("A", [1.0], normalizationType="Field", normalizationField="B")))
    by_log = theme_of(feature_layer(breaks("A", [2.0], normalizationType="Log")))
    assert isinstance(by_field, Breaks) and by_field.normalization_field == "B"
    assert isinstance(by_log, Breaks) and by_log.classes[0].upper == pytest.approx(100.0)


def test_graduated_symbols_stand_on_their_background() -> None:
    """Polygons under graduated markers keep their fill."""
    json = breaks("A", [1.0], classBreakType="GraduatedSymbol", backgroundSymbol=symbol("Polygon", fill(rgb(255, 0, 0))))
    theme = theme_of(feature_layer(json))
    assert isinstance(theme, Breaks)
    assert theme.classes[0].symbol.layers == (Fill(RED), Fill(Color(0, 0, 0)))


def test_arcade_expressions() -> None:
    """One that is just a field is that field; others classify by what they make of it; what is outside the subset draws all alike."""
    plain = unique([], [(["1"], symbol("Polygon", fill(rgb(255, 0, 0))))], valueExpressionInfo={"expression": "$feature.A"})
    theme = theme_of(feature_layer(plain))
    assert isinstance(theme, Categories) and theme.fields == ("A",)
    made = theme_of(feature_layer(plain | {"valueExpressionInfo": {"expression": "Floor($feature.A / 2)"}}))
    assert isinstance(made, Categories) and made.fields == () and columns(made.expression or Literal(None)) == {"A"}
    found = one(feature_layer(plain | {"valueExpressionInfo": {"expression": "Area($feature)"}}))
    assert isinstance(found.style.theme, Single) and found.style.theme.symbol.layers == (Fill(RED),)
    assert found.warnings[0].where.endswith("valueExpressionInfo.expression")


# --- rasters -----------------------------------------------------------------------------------------------------------


def test_stretch_between_custom_limits_of_which_zero_is_left_out() -> None:
    """A custom stretch without minimum starts at 0; absent gamma and invert are off."""
    theme = theme_of(
        raster_layer({"type": "CIMRasterStretchColorizer", "useCustomStretchMinMax": True, "customStretchMax": 6.2, "colorRamp": RAMP})
    )
    assert isinstance(theme, Stretch)
    assert theme.recipe.limits == (0.0, 6.2)
    assert theme.recipe.kind is StretchKind.CUSTOM
    assert (theme.recipe.gamma, theme.recipe.invert, theme.band, theme.background) == (1.0, False, 1, None)


@pytest.mark.parametrize(
    ("name", "kind", "is_told"),
    [
        ("None", StretchKind.NONE, False),
        ("MinimumMaximum", StretchKind.MINIMUM_MAXIMUM, False),
        ("PercentMinimumMaximum", StretchKind.PERCENT_CLIP, False),
        ("StandardDeviations", StretchKind.STANDARD_DEVIATIONS, False),
        ("HistogramEqualize", StretchKind.HISTOGRAM_EQUALIZE, False),
        ("DefaultFromSource", StretchKind.DEFAULT_FROM_SOURCE, False),
        ("Custom", StretchKind.CUSTOM, False),
        ("SquareRoot", StretchKind.SQUARE_ROOT, False),
        ("Logarithm", StretchKind.LOGARITHM, False),
        ("HistogramSpecification", StretchKind.HISTOGRAM_SPECIFICATION, True),
        ("ESRI", StretchKind.ESRI, True),
        ("Count", StretchKind.COUNT, True),
        ("Whatever", StretchKind.MINIMUM_MAXIMUM, True),
    ],
)
def test_stretch_kinds(name: str, kind: StretchKind, is_told: bool) -> None:
    """Each stretch type; those without a published formula, and a histogram that is not there, are told."""
    json = {"type": "CIMRasterStretchColorizer", "stretchType": name, "eSRIStretchContrast": -1.797e308, "minPercent": 2, "colorRamp": RAMP}
    found = one(raster_layer(json))
    assert isinstance(found.style.theme, Stretch)
    assert found.style.theme.recipe.kind is kind
    assert bool(found.warnings) is is_told
    if name == "PercentMinimumMaximum":
        assert found.style.theme.recipe.percents == (2.0, 0.0)


def test_stretch_statistics() -> None:
    """Global statistics bind; those of the dataset are kept for templates that stay as they are; the view's are told."""
    base = {"type": "CIMRasterStretchColorizer", "stretchType": "MinimumMaximum", "stretchStats": {"max": 9.0}}
    bound, kept, viewed = (one(raster_layer(base | {"statsType": t})) for t in ("GlobalStats", "Dataset", "AreaOfView"))
    recipes = [f.style.theme.recipe for f in (bound, kept, viewed) if isinstance(f.style.theme, Stretch)]
    assert [(r.limits, r.template_limits) for r in recipes] == [((0.0, 9.0), (0.0, 9.0)), (None, (0.0, 9.0)), (None, (0.0, 9.0))]
    assert [bool(f.warnings) for f in (bound, kept, viewed)] == [False, False, True]


def test_stretch_labels_from_high_to_low() -> None:
    """Labels come in order whether their values are shares or data; only the texts are used."""
    classes = [{"label": "Low"}, {"value": 50, "label": ""}, {"value": 100, "label": "High"}]
    theme = theme_of(raster_layer({"type": "CIMRasterStretchColorizer", "stretchClasses": classes}))
    assert isinstance(theme, Stretch) and theme.labels == ("High", "", "Low")


def test_raster_classes_with_zero_left_out() -> None:
    """A raster class without upper bound ends at 0."""
    listed = [{"color": rgb(255, 255, 255, 0), "label": "dry"}, {"upperBound": 1.5, "color": rgb(198, 219, 239)}]
    json = {"type": "CIMRasterClassifyColorizer", "field": "<VALUE>", "normalizationField": "<None>", "classificationMethod": "Manual"}
    found = one(raster_layer(json | {"classBreaks": listed}))
    theme = found.style.theme
    assert isinstance(theme, Classified)
    assert [(c.upper, c.color.a) for c in theme.classes] == [(0.0, 0), (1.5, 255)]
    assert (theme.minimum, theme.method, found.warnings) == (None, Method.MANUAL, ())


def test_raster_unique_values_are_numbers_written_as_text() -> None:
    """``"-3"`` is -3, ``<Null>`` has no cells, and a class without ``visible`` is shown."""
    classes = [
        {"values": ["-3", "4.0"], "color": rgb(255, 0, 0)},
        {"values": ["<Null>"], "color": rgb(0, 0, 0)},
        {"values": ["5"], "color": rgb(0, 0, 0), "visible": False},
    ]
    json = {"type": "CIMRasterUniqueValueColorizer", "fieldName": "Value", "groups": [{"classes": classes}], "defaultColor": rgb(1, 1, 1)}
    theme = theme_of(raster_layer(json))
    assert isinstance(theme, UniqueRaster)
    assert [c.values for c in theme.classes] == [(-3.0, 4.0)]
    assert theme.default is None


def test_raster_unique_values_of_a_text_column() -> None:
    """Classes of an attribute keep their texts until the attribute table is met."""
    json = {
        "type": "CIMRasterUniqueValueColorizer",
        "fieldName": "COVER",
        "groups": [{"classes": [{"values": ["Forest"], "color": rgb(0, 99, 0)}]}],
    }
    theme = theme_of(raster_layer(json))
    assert isinstance(theme, UniqueRaster) and theme.field == "COVER" and theme.classes[0].texts == ("Forest",)


def test_other_colorizers() -> None:
    """Colour maps, three bands, relief and discrete colours."""
    entries = {"values": [0, 7], "colors": [rgb(0, 0, 0), rgb(255, 0, 0)], "labels": ["a", "b"]}
    colormap = theme_of(raster_layer({"type": "CIMRasterColorMapColorizer", **entries}))
    assert colormap == Colormap(((0, Color(0, 0, 0), "a"), (7, RED, "b")))
    bands = theme_of(raster_layer({"type": "CIMRasterRGBColorizer", "redBandIndex": 3, "greenBandIndex": 2}))
    assert isinstance(bands, RGB) and bands.bands == (4, 3, 1)
    relief = theme_of(raster_layer({"type": "CIMRasterShadedReliefColorizer", "azimuth": 300, "altitude": 40, "zFactor": 2}))
    assert relief == ShadedRelief(300.0, 40.0, 2.0)
    assert isinstance(theme_of(raster_layer({"type": "CIMRasterDiscreteColorColorizer"})), UniqueRaster)
    assert one(raster_layer({"type": "CIMRasterVectorFieldColorizer"})).warnings


def test_numbers_beside_a_ramp_are_of_the_limits_drawn() -> None:
    """Labels left over from other limits are told anew for custom ones and global statistics; those of the limits, and shares, stay."""

    def labels(high: float, **limits: object) -> tuple[str, ...]:
        classes = [{"label": "Low : 0", "value": 0}, {"value": high / 2}, {"label": f"High : {high:g}", "value": high}]
        read_theme = theme_of(raster_layer({"type": "CIMRasterStretchColorizer", "stretchClasses": classes, **limits}))
        assert isinstance(read_theme, Stretch)
        return read_theme.labels

    custom = {"stretchType": "MinimumMaximum", "useCustomStretchMinMax": True, "customStretchMin": 200, "customStretchMax": 400}
    assert labels(100, **custom) == ("High : 400", "", "Low : 200")
    stats = {"type": "StatsHistogram", "min": 200, "max": 450}
    assert labels(100, stretchType="MinimumMaximum", statsType="GlobalStats", stretchStats=stats) == ("High : 450", "", "Low : 200")
    assert labels(400.4, **(custom | {"customStretchMin": 0})) == ("High : 400.4", "", "Low : 0")
    assert labels(1, **custom) == ("High : 1", "", "Low : 0")
