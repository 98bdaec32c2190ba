"""QGIS layer styles: what each renderer, symbol layer, label and raster says is what the style says."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path

import pytest
from PIL import Image

from rendermap.errors import StyleInvalid
from rendermap.symbology import paths, shapes
from rendermap.symbology.expressions.tree import And, Column, Comparison, IsNull, Literal, Not
from rendermap.symbology.legend import legend_items
from rendermap.symbology.readers.table import read_styles
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    ColorAdjustment,
    Graded,
    HeatMap,
    Method,
    Proportional,
    Rules,
    ShadedRelief,
    Single,
    Stretch,
    StretchKind,
    Theme,
    UniqueRaster,
)
from rendermap.symbology.symbols import (
    TRANSPARENT,
    Color,
    Fill,
    GradientFill,
    Hatch,
    Marker,
    PictureFill,
    PictureMarker,
    Ramp,
    SizeBy,
    Stroke,
    Symbol,
    SymbolLayer,
    sized,
)
from tests.builders import qml
from tests.builders.qml import BLUE, GREEN, RED, document, fill, layer, line, marker, override, rule, symbol

MM = 72 / 25.4
RED_COLOR, GREEN_COLOR, BLUE_COLOR = Color(255, 0, 0), Color(0, 255, 0), Color(0, 0, 255)


def theme_of(*inner: str) -> Theme:
    return qml.read(document(*inner)).style.theme


def layers_of(of: str, **given: object) -> tuple[SymbolLayer, ...]:
    """The layers that a single symbol is read as."""
    theme = theme_of(qml.single(of, **given))
    if isinstance(theme, Proportional):
        return sized(theme.symbol, theme.size).layers
    assert isinstance(theme, Single)
    return theme.symbol.layers


def warnings_of(text: str) -> list[str]:
    return [str(warning) for warning in qml.read(text).warnings]


def reason_of(text: str) -> str:
    """Why a document is refused."""
    with pytest.raises(StyleInvalid) as caught:
        qml.read(text)
    return caught.value.reason or ""


def png(color: tuple[int, int, int] = (255, 0, 0), size: tuple[int, int] = (4, 2)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG")
    return "base64:" + base64.b64encode(buffer.getvalue()).decode()


# --- themes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["Option", "prop"])
def test_both_spellings_of_a_symbol_are_read_alike(spelling: str) -> None:
    """QGIS 2 writes properties as ``prop``, QGIS 3 as ``Option``; sizes are mm, and a mm is 72/25.4 pt."""
    of = symbol("line", layer("SimpleLine", spelling=spelling, line_color=RED, line_width="0.5", capstyle="round", joinstyle="miter"))
    assert layers_of(of) == (Stroke(RED_COLOR, 0.5 * MM, cap="round", join="miter"),)


def test_categories_have_their_values_labels_and_order() -> None:
    """Typed values, lists, a category that is off, and the empty value, which stands for all others."""
    listed = [
        {"value": "3", "type": "long", "label": "three"},
        {"vals": [("string", "a"), ("string", "b")], "type": "List", "label": "a or b"},
        {"value": "4", "type": "long", "label": "off", "render": "false"},
        {"value": "", "type": "string", "label": "others"},
    ]
    theme = theme_of(qml.categorized("KIND", listed, [fill(RED, "0"), fill(BLUE, "1"), fill(GREEN, "2"), fill(GREEN, "3")]))
    assert isinstance(theme, Categories)
    assert theme.fields == ("KIND",)
    assert [(c.values, c.label) for c in theme.classes] == [(((3,),), "three"), ((("a",), ("b",)), "a or b"), (((4,),), "off")]
    assert [c.symbol for c in theme.classes] == [Symbol((Fill(RED_COLOR),)), Symbol((Fill(BLUE_COLOR),)), Symbol()]
    assert theme.default == Symbol((Fill(GREEN_COLOR),))
    assert theme.default_label == "others"


def test_categories_without_the_empty_value_leave_others_undrawn() -> None:
    """QGIS draws only what has a category."""
    theme = theme_of(qml.categorized("KIND", [{"value": "a", "label": "a"}], [fill()]))
    assert isinstance(theme, Categories) and theme.default is None


@pytest.mark.parametrize("attr", ["KIND", '"KIND"'])
def test_an_attribute_is_a_field_with_and_without_quotes(attr: str) -> None:
    """QGIS writes both."""
    theme = theme_of(qml.categorized(attr, [{"value": "a"}], [fill()]))
    assert isinstance(theme, Categories) and theme.fields == ("KIND",) and theme.expression is None


def test_categories_of_a_calculated_value() -> None:
    """What is more than a field becomes the theme's expression."""
    theme = theme_of(qml.categorized('"A" + 1', [{"value": "2", "type": "long"}], [fill()]))
    assert isinstance(theme, Categories) and theme.fields == () and theme.expression is not None


def test_ranges_keep_limits_labels_and_method() -> None:
    """The lowest limit belongs to the first range, each upper limit to its own."""
    theme = theme_of(qml.graduated("POP", [(0, 10, "few"), (10, 50, "many")], [fill(RED, "0"), fill(BLUE, "1")], method="Jenks"))
    assert isinstance(theme, Breaks)
    assert (theme.field, theme.minimum, theme.method) == ("POP", 0.0, Method.NATURAL_BREAKS)
    assert [(c.upper, c.label) for c in theme.classes] == [(10.0, "few"), (50.0, "many")]


@pytest.mark.parametrize(
    ("told", "method"),
    [
        ('<classificationMethod id="EqualInterval"/>', Method.EQUAL_INTERVAL),
        ('<classificationMethod id="Quantile"/>', Method.QUANTILE),
        ('<classificationMethod id="StdDev"/>', Method.STANDARD_DEVIATION),
        ('<classificationMethod id="Pretty"/>', Method.DEFINED_INTERVAL),
        ('<classificationMethod id="Logarithmic"/>', Method.GEOMETRIC_INTERVAL),
        ('<classificationMethod id="Custom"/>', Method.MANUAL),
        ('<mode name="quantile"/>', Method.QUANTILE),
        ('<mode name="equal"/>', Method.EQUAL_INTERVAL),
        ("", Method.MANUAL),
    ],
)
def test_methods_of_ranges(told: str, method: Method) -> None:
    """Old and new names of how ranges were made."""
    theme = theme_of(qml.graduated("POP", [(0, 10, ""), (10, 50, "")], [fill(RED, "0"), fill(BLUE, "1")], told))
    assert isinstance(theme, Breaks) and theme.method is method


def test_a_gap_between_ranges_stays_undrawn() -> None:
    """An extra class without symbol lies in the gap, and has no line in the legend."""
    style = qml.read(document(qml.graduated("POP", [(0, 10, "a"), (20, 30, "b")], [fill(RED, "0"), fill(BLUE, "1")], method="Jenks"))).style
    assert isinstance(style.theme, Breaks)
    assert [bool(c.symbol.layers) for c in style.theme.classes] == [True, False, True]
    assert 10 < style.theme.classes[1].upper < 20 and style.theme.classes[1].upper == pytest.approx(20)
    assert style.theme.method is Method.MANUAL
    assert [item.label for item in legend_items(style)] == ["a", "b"]


def test_nested_rules_are_flat_with_all_filters_and_scales() -> None:
    """A rule inherits filter and scales; one that is off is left out with all below it; groups become headings."""
    inner = rule(filter='"B" > 3', symbol="1", label="inner", scalemindenom="1000", scalemaxdenom="90000")
    outer = rule(inner, filter='"A" = 1', symbol="0", label="outer", scalemindenom="500", scalemaxdenom="50000")
    off = rule(rule(filter='"C" = 2', symbol="0"), filter='"C" = 1', symbol="1", checkstate="0")
    theme = theme_of(qml.rules(outer, off, symbols=[fill(RED, "0"), fill(BLUE, "1")]))
    assert isinstance(theme, Rules)
    first, second = theme.rules
    a, b = Comparison("=", Column("A"), Literal(1)), Comparison(">", Column("B"), Literal(3))
    assert (first.filter, first.label, first.heading) == (a, "outer", "")
    assert (second.filter, second.label, second.heading) == (And((a, b)), "inner", "outer")
    scale = (0.0254 / 96) / 0.00028
    assert second.min_scale_denominator == pytest.approx(50000 * scale)
    assert second.max_scale_denominator == pytest.approx(1000 * scale)


def test_else_rules() -> None:
    """The else of the topmost level is the engine's; that of an inner level is the opposite of its siblings."""
    one, rest = rule(filter='"A" = 1', symbol="0"), rule(filter="ELSE", symbol="1")
    flat = theme_of(qml.rules(one, rest, symbols=[fill(RED, "0"), fill(BLUE, "1")]))
    assert isinstance(flat, Rules) and [r.is_else for r in flat.rules] == [False, True]
    group = rule(one, rest, filter='"B" IS NULL')
    nested = theme_of(qml.rules(group, symbols=[fill(RED, "0"), fill(BLUE, "1")]))
    assert isinstance(nested, Rules)
    assert nested.rules[1].filter == And((IsNull(Column("B")), Not(Comparison("=", Column("A"), Literal(1)))))


def test_a_filter_that_cannot_be_read_is_an_error() -> None:
    """Without it, hidden features would show."""
    assert "line" in reason_of(document(qml.rules(rule(filter="within($geometry, @x)", symbol="0"), symbols=[fill()])))


def test_too_many_rules_are_refused() -> None:
    """At most 20,000."""
    assert "20001" in reason_of(document(qml.rules("<rule/>" * 20_001, symbols=[fill()])))


def test_heat_map() -> None:
    """Radius in its unit, made longer as our bell is narrower, the weight, the ramp, and the density at its end."""
    drawn = qml.renderer("heatmapRenderer", qml.ramp(BLUE, RED), radius=5, radius_unit=0, weight_expression='"W"', max_value=12)
    theme = theme_of(drawn)
    assert isinstance(theme, HeatMap)
    assert theme.radius_pt == pytest.approx(5 * MM * 1.28)
    assert (theme.weight, theme.limits) == (Column("W"), (0.0, 12.0))
    assert theme.ramp.stops == ((0.0, BLUE_COLOR), (1.0, RED_COLOR))


@pytest.mark.parametrize(
    "kind", ["pointDisplacement", "pointCluster", "invertedPolygonRenderer", "mergedFeatureRenderer", "embeddedSymbol"]
)
def test_renderers_around_another_are_drawn_by_it_with_a_warning(kind: str) -> None:
    """The stated fallback."""
    text = document(qml.renderer(kind, qml.single(fill())))
    assert qml.read(text).style.theme == Single(Symbol((Fill(RED_COLOR),)))
    assert len(warnings_of(text)) == 1


def test_no_symbols() -> None:
    """The null renderer draws nothing and says nothing."""
    assert theme_of(qml.renderer("nullSymbol")) == Single(Symbol())


def test_rotation_and_size_of_the_renderer_of_qgis_2() -> None:
    """QGIS 2 turns and enlarges all symbols of a renderer by a field."""
    drawn = qml.renderer("singleSymbol", '<rotation field="DIR"/><sizescale field="N" scalemethod="diameter"/>', symbols=[marker()])
    theme = theme_of(drawn)
    assert isinstance(theme, Single)
    (found,) = theme.symbol.layers
    assert isinstance(found, Marker)
    assert (found.rotation_by, found.rotation_clockwise) == (Column("DIR"), True)
    assert found.size_by == SizeBy(Column("N"), ((0.0, 0.0), (20.0, 20.0)))


# --- the layer ---------------------------------------------------------------------------------------------------------


def test_opacity_blending_and_scales_of_the_layer() -> None:
    """QGIS scales are at 96 dpi; QGIS 3 calls the farthest the smallest, QGIS 2 the other way round."""
    inner = qml.single(fill()), "<blendMode>6</blendMode><layerOpacity>0.4</layerOpacity>"
    style = qml.read(document(*inner, hasScaleBasedVisibilityFlag=1, minScale=100000, maxScale=500)).style
    old = qml.read(document(*inner, hasScaleBasedVisibilityFlag=1, minimumScale=500, maximumScale=100000)).style
    assert (style.opacity, style.blend) == (0.4, "multiply")
    assert style.min_scale_denominator == pytest.approx(100000 * 0.944940)
    assert style.max_scale_denominator == pytest.approx(500 * 0.944940)
    assert (old.min_scale_denominator, old.max_scale_denominator) == (style.min_scale_denominator, style.max_scale_denominator)
    assert qml.read(document(*inner, minScale=100000)).style.min_scale_denominator is None
    assert qml.read(document(qml.single(fill()), "<layerTransparency>25</layerTransparency>")).style.opacity == 0.75


def test_symbol_levels_count_only_where_they_are_on() -> None:
    """Passes are written also where the renderer does not use them."""
    of = symbol("line", layer("SimpleLine", line_color=RED, level=2), layer("SimpleLine", line_color=BLUE, level=5))
    assert [found.level for found in layers_of(of)] == [0, 0]
    assert [found.level for found in layers_of(of, symbollevels=1)] == [2, 5]


def test_layers_that_are_off_are_left_out_and_the_first_is_at_the_bottom() -> None:
    """QGIS lists symbol layers bottom first; the symbol's opacity is in all its colours."""
    of = symbol(
        "fill",
        layer("SimpleFill", color=RED, outline_style="no"),
        layer("SimpleFill", color=GREEN, outline_style="no", enabled=0),
        layer("SimpleFill", color=BLUE, outline_style="no"),
        alpha=0.5,
    )
    assert layers_of(of) == (Fill(Color(255, 0, 0, 128)), Fill(Color(0, 0, 255, 128)))


def test_what_is_not_drawn_is_told_with_its_line() -> None:
    """Effects, diagrams, orders, feature blending, geometry generators."""
    glow = f'<effect type="innerGlow">{qml.properties({"enabled": 1})}</effect>'
    effect = f'<effect type="effectStack" enabled="1">{glow}</effect>'
    text = document(
        "\n",
        qml.single(
            symbol("fill", layer("GeometryGenerator", geometryModifier="buffer($geometry, 3)"), layer("SimpleFill", effect)),
            enableorderby=1,
        ),
        "<featureBlendMode>6</featureBlendMode>",
        '<SingleCategoryDiagramRenderer><DiagramCategory enabled="1"/></SingleCategoryDiagramRenderer>',
    )
    found = warnings_of(text)
    for words in ("GeometryGenerator", "innerGlow", "order of their own", "blended with each other", "diagrams"):
        assert any(words in warning for warning in found), words
    assert all(warning.startswith("line ") for warning in found)


# --- symbol layers -----------------------------------------------------------------------------------------------------


def test_effects_on_the_whole_layer_are_told() -> None:
    """They are written in the renderer."""
    glow = f'<effect type="outerGlow">{qml.properties({"enabled": 1})}</effect>'
    effect = f'<effect type="effectStack" enabled="1">{glow}</effect>'
    assert any("outerGlow" in warning for warning in warnings_of(document(qml.renderer("singleSymbol", effect, symbols=[fill()]))))


def shadowed(kind: str, of: str, spelling: str = "Option", **shadow: object) -> str:
    """A symbol layer of a kind with a drop shadow."""
    listed = qml.properties({"enabled": 1, **shadow}, spelling)
    stack = f'<effect type="effectStack" enabled="1"><effect type="dropShadow">{listed}</effect><effect type="drawSource"/></effect>'
    more = {"color": RED, "line_color": RED, "line_width": 1, "outline_color": BLUE, "outline_width": 1}
    return symbol(of, layer(kind, stack, **more))


@pytest.mark.parametrize("spelling", ["Option", "prop"])
def test_a_drop_shadow_lies_moved_below_lines_and_fills(spelling: str) -> None:
    """To the right and down for an angle of 135 degrees; in its own colour, which no class changes."""
    given = {"offset_angle": 90, "offset_distance": 3, "offset_unit": "Point", "color": "9,9,9,255", "blur_level": 0, "blend_mode": 0}
    text = document(qml.single(shadowed("SimpleFill", "fill", spelling, **given)))
    assert warnings_of(text) == []
    under, edge, inside, outline = layers_of(shadowed("SimpleFill", "fill", spelling, **given))
    assert isinstance(under, Fill) and isinstance(edge, Stroke) and isinstance(inside, Fill) and isinstance(outline, Stroke)
    assert (under.color, under.dx_pt, under.dy_pt, under.is_locked) == (Color(9, 9, 9), 3.0, 0.0, True)
    assert (edge.color, edge.dx_pt, inside.dx_pt, inside.is_locked) == (Color(9, 9, 9), 3.0, 0.0, False)
    below, line_above = layers_of(shadowed("SimpleLine", "line", spelling, **{**given, "offset_angle": 135, "opacity": 0.5}))
    assert isinstance(below, Stroke) and isinstance(line_above, Stroke)
    assert (below.color.a, below.width_pt) == (128, line_above.width_pt)
    assert (below.dx_pt, below.dy_pt) == (pytest.approx(4.5**0.5, abs=1e-3), pytest.approx(-(4.5**0.5), abs=1e-3))


def test_what_is_not_drawn_of_shadows_is_told() -> None:
    """Blurs and blends; shadows of anything but lines and fills; one that shines through has no outline of its own."""
    found = warnings_of(document(qml.single(shadowed("SimpleFill", "fill", color="9,9,9,255", blur_level=2))))
    assert any("blurred" in warning for warning in found) and any("blended" in warning for warning in found)
    assert any("dropShadow" in warning for warning in warnings_of(document(qml.single(shadowed("SimpleMarker", "marker")))))
    assert [type(each) for each in layers_of(shadowed("SimpleFill", "fill", opacity=0.5))] == [Fill, Fill, Stroke]


@pytest.mark.parametrize(
    ("unit", "pt"),
    [
        ("MM", 2 * MM),
        ("Point", 2.0),
        ("Pixel", 1.5),
        ("Inch", 144.0),
        ("MapUnit", 0.26 * MM),
        ("RenderMetersInMapUnits", 0.26 * MM),
    ],
)
def test_units_of_lengths(unit: str, pt: float) -> None:
    """Lengths on the ground cannot be drawn: they are warned of and become the usual width."""
    text = document(qml.single(line(width=2, line_width_unit=unit)))
    theme = qml.read(text).style.theme
    assert isinstance(theme, Single)
    (stroke,) = theme.symbol.layers
    assert isinstance(stroke, Stroke)
    assert stroke.width_pt == pytest.approx(pt)
    assert bool(warnings_of(text)) == (unit not in ("MM", "Point", "Pixel", "Inch"))


def test_a_length_on_the_ground_with_a_bound_takes_it() -> None:
    """The largest size in mm that the author allowed is the nearest thing there is."""
    (stroke,) = layers_of(line(width=50, line_width_unit="MapUnit", line_width_map_unit_scale="3x:0,0,0,0,1,3"))
    assert isinstance(stroke, Stroke) and stroke.width_pt == pytest.approx(3 * MM)


def test_pen_styles_dashes_and_offset() -> None:
    """Pen styles are as long as the pen is wide, custom dashes in their own unit; QGIS's offset goes to the right."""
    (dashed,) = layers_of(line(width=1, line_style="dash dot"))
    (own,) = layers_of(line(width=1, use_custom_dash=1, customdash="5;2;1", customdash_unit="Point", offset=2, offset_unit="Point"))
    assert isinstance(dashed, Stroke) and isinstance(own, Stroke)
    assert dashed.dash_pt == pytest.approx([4 * MM, 2 * MM, MM, 2 * MM])
    assert own.dash_pt == (5, 2, 1, 5, 2, 1)
    assert own.offset_pt == -2.0
    assert layers_of(line(line_style="no")) == ()
    assert layers_of(line(use_custom_dash=1, customdash="0;0")) == (Stroke(RED_COLOR, MM, cap="square", join="bevel"),)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"use_custom_dash": 1, "customdash": "0;0"}, "dashes of no length"),
        ({"use_custom_dash": 1, "customdash": "-1;2"}, "dashes shorter than nothing"),
        ({"width": -3}, "narrower than nothing"),
    ],
)
def test_lengths_of_nothing_are_told(given: dict[str, object], words: str) -> None:
    """The nearest thing is drawn, and not in silence."""
    (found,) = warnings_of(document(qml.single(line(**given))))
    assert words in found


def test_a_simple_fill_is_its_inside_and_its_outline() -> None:
    """The outline lies on top; brushes of lines are hatching; dotted ones become a lighter solid, with a warning."""
    of = symbol("fill", layer("SimpleFill", color=RED, outline_color=BLUE, outline_width="1", joinstyle="miter"))
    assert layers_of(of) == (Fill(RED_COLOR), Stroke(BLUE_COLOR, MM, cap="square", join="miter"))
    crossed = layers_of(symbol("fill", layer("SimpleFill", color=RED, style="cross", outline_style="no")))
    assert [found.angle_deg for found in crossed if isinstance(found, Hatch)] == [0.0, 90.0]
    assert layers_of(symbol("fill", layer("SimpleFill", style="no", outline_style="no"))) == ()
    (dotted,) = layers_of(symbol("fill", layer("SimpleFill", color=RED, style="dense4", outline_style="no")))
    assert dotted == Fill(Color(255, 0, 0, 128))


OF_QGIS = {
    "marker": "SimpleMarker EllipseMarker FilledMarker FontMarker SvgMarker RasterMarker AnimatedMarker VectorField MaskMarker",
    "line": "SimpleLine MarkerLine HashLine ArrowLine InterpolatedLine RasterLine Lineburst FilledLine GeometryGenerator",
    "fill": "SimpleFill GradientFill ShapeburstFill LinePatternFill PointPatternFill CentroidFill SVGFill RasterFill RandomMarkerFill",
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in OF_QGIS.items() for name in names.split()])
def test_every_symbol_layer_of_qgis_is_drawn_or_told(kind: str, name: str) -> None:
    """No kind is dropped in silence, also when it says nothing of itself."""
    inside = fill(name="@0@0") if name in ("ArrowLine", "FilledLine", "FilledMarker") else line(name="@0@0")
    inside = marker(name="@0@0") if name in ("MarkerLine", "PointPatternFill", "CentroidFill", "RandomMarkerFill") else inside
    text = document(qml.single(symbol(kind, layer(name, inside))))
    theme = qml.read(text).style.theme
    assert isinstance(theme, Single)
    assert theme.symbol.layers or warnings_of(text)


@pytest.mark.parametrize(("name", "path"), [("square", shapes.SQUARE), ("star", shapes.STAR), ("cross_fill", shapes.FILLED_CROSS)])
def test_simple_markers(name: str, path: str) -> None:
    """Shape, size, and no outline where the pen is off."""
    assert layers_of(marker(name, 3)) == (Marker(path, 3 * MM, RED_COLOR),)


def test_open_markers_have_only_their_outline() -> None:
    """A cross is drawn by its pen."""
    (cross,) = layers_of(
        symbol("marker", layer("SimpleMarker", name="cross", size="3", color=RED, outline_color=BLUE, outline_width="0.5"))
    )
    assert isinstance(cross, Marker) and cross.fill is None and cross.stroke is not None
    assert (cross.stroke.color, cross.stroke.width_pt) == (BLUE_COLOR, 0.5 * MM)


def test_markers_are_turned_clockwise_and_their_offset_with_them() -> None:
    """QGIS counts down, and turns the offset with the marker."""
    (found,) = layers_of(marker(angle=90, offset="1,0", offset_unit="Point"))
    assert isinstance(found, Marker)
    assert found.rotation_deg == 270.0
    assert (found.dx_pt, found.dy_pt) == pytest.approx((0.0, -1.0), abs=1e-6)


def test_anchors_put_the_edge_at_the_point() -> None:
    """Anchored at its bottom, a marker stands above the point."""
    (found,) = layers_of(marker(size=2, size_unit="Point", vertical_anchor_point=2, horizontal_anchor_point=0))
    assert isinstance(found, Marker) and (found.dx_pt, found.dy_pt) == (1.0, 1.0)


def test_an_ellipse_is_as_wide_and_high_as_it_says() -> None:
    """The shape is stretched in its box."""
    (found,) = layers_of(
        symbol("marker", layer("EllipseMarker", symbol_name="rectangle", symbol_width="4", symbol_height="2", outline_style="no"))
    )
    assert isinstance(found, Marker)
    assert (found.path, found.size_pt) == ("M-0.5 -0.25L0.5 -0.25L0.5 0.25L-0.5 0.25Z", 4 * MM)


def test_a_filled_marker_has_the_fill_of_its_symbol() -> None:
    """The sub symbol's solid and outline."""
    inside = symbol("fill", layer("SimpleFill", color=BLUE, outline_color=RED, outline_width="1"), name="@0@0")
    (found,) = layers_of(symbol("marker", layer("FilledMarker", inside, name="square", size="3")))
    assert isinstance(found, Marker) and found.stroke is not None
    assert (found.path, found.fill, found.stroke.color) == (shapes.SQUARE, BLUE_COLOR, RED_COLOR)


def test_letters_are_the_outlines_of_the_font_or_its_stand_in() -> None:
    """A font that is here needs no warning; one that is not is told."""
    (own,) = layers_of(symbol("marker", layer("FontMarker", font="DejaVu Sans", chr="A", size="5", color=RED)))
    assert isinstance(own, Marker) and paths.is_path(own.path)
    assert (own.fill, own.stroke, own.size_pt) == (RED_COLOR, None, 5 * MM)
    assert warnings_of(document(qml.single(symbol("marker", layer("FontMarker", font="DejaVu Sans", chr="A"))))) == []
    text = document(qml.single(symbol("marker", layer("FontMarker", font="Dingbats", chr="A", size="5"))))
    assert any("Dingbats" in warning for warning in warnings_of(text))


def test_sizes_and_angles_by_the_feature() -> None:
    """A field, the size assistant, the scaling functions, and the spelling of QGIS 2."""
    (by_field,) = layers_of(
        symbol("marker", layer("SimpleMarker", size=2, by={"size": override(field="N"), "angle": override(field="DIR")}))
    )
    assert isinstance(by_field, Marker) and by_field.size_by is not None
    assert (by_field.rotation_by, by_field.rotation_clockwise) == (Column("DIR"), True)
    assert (by_field.size_by.value, by_field.size_by.stops[0]) == (Column("N"), (0.0, 0.0))
    number, factor = by_field.size_by.stops[1]
    assert factor == pytest.approx(number / 2)
    assistant = override(field="N", minValue=0, maxValue=10, minSize=1, maxSize=5, scaleType=0)
    (assisted,) = layers_of(symbol("marker", layer("SimpleMarker", size=2, by={"size": assistant})))
    assert isinstance(assisted, Marker) and assisted.size_by == SizeBy(Column("N"), ((0.0, 0.5), (10.0, 2.5)))
    (called,) = layers_of(
        symbol("marker", layer("SimpleMarker", size=2, by={"size": override(expression='coalesce(scale_exp("N", 0, 4, 0, 8, 0.5), 0)')}))
    )
    assert isinstance(called, Marker) and called.size_by is not None
    assert called.size_by.stops[-1] == (4.0, 4.0)
    assert dict(called.size_by.stops)[1.0] == pytest.approx(2.0)
    old = {"size_dd_active": "1", "size_dd_useexpr": "0", "size_dd_field": "N", "size_dd_expression": ""}
    (of_qgis2,) = layers_of(symbol("marker", layer("SimpleMarker", spelling="prop", size=2, **old)))
    assert isinstance(of_qgis2, Marker) and of_qgis2.size_by is not None and of_qgis2.size_by.value == Column("N")


def test_a_colour_along_a_ramp_is_the_theme_of_a_single_symbol() -> None:
    """Its numbers and colours are the author's; in other renderers it is warned of."""
    by = {"fillColor": qml.shaded("N", 0, 10, RED, BLUE)}
    of = symbol("marker", layer("SimpleMarker", color=GREEN, outline_style="no", by=by))
    text = document(qml.single(of))
    theme = qml.read(text).style.theme
    assert isinstance(theme, Graded)
    assert (theme.value, theme.limits, theme.ramp) == (Column("N"), (0.0, 10.0), qml_ramp())
    assert warnings_of(text) == []
    assert any("along a ramp" in warning for warning in warnings_of(document(qml.categorized("A", [{"value": "1"}], [of]))))


def test_widths_by_the_feature_and_what_is_not_drawn() -> None:
    """The width of a line may be the feature's; its colour is warned of."""
    by = {"outlineWidth": override(field="W", minValue=0, maxValue=1, minSize=1, maxSize=2), "outlineColor": override(expression='"C"')}
    text = document(qml.single(symbol("line", layer("SimpleLine", line_width=1, by=by))))
    theme = qml.read(text).style.theme
    assert isinstance(theme, Proportional)
    (stroke,) = theme.symbol.layers
    assert isinstance(stroke, Stroke) and theme.size == SizeBy(Column("W"), ((0.0, 1.0), (1.0, 2.0)))
    assert any("outlineColor" in warning for warning in warnings_of(text))


def test_markers_along_lines() -> None:
    """Old and new names of the places, the interval, the offset to the right, and markers that are not turned."""
    inner = marker("triangle", 2, name="@0@0")
    (every,) = layers_of(symbol("line", layer("MarkerLine", inner, placement="interval", interval=6, offset=1, rotate=0)))
    assert isinstance(every, Marker)
    assert (every.placement, every.spacing_pt, every.is_upright) == ("line", 6 * MM, True)
    assert every.dy_pt == pytest.approx(-MM, abs=1e-3)
    ends = layers_of(symbol("line", layer("MarkerLine", inner, placements="FirstVertex|LastVertex|CentralPoint")))
    assert [found.placement for found in ends if isinstance(found, Marker)] == ["first", "last", "center"]


def test_hashes_stand_across_the_line() -> None:
    """A hash line is short strokes."""
    (found,) = layers_of(symbol("line", layer("HashLine", line(BLUE, 0.5, name="@0@0"), hash_length=4, interval=3)))
    assert isinstance(found, Marker) and found.stroke is not None
    assert (found.path, found.size_pt, found.placement, found.stroke.color) == (shapes.UPRIGHT, 4 * MM, "line", BLUE_COLOR)


def test_arrows_have_a_head_at_their_end() -> None:
    """A line in the colour of the arrow's own fill, and a triangle; told with a warning."""
    of = symbol("line", layer("ArrowLine", fill(BLUE, "@0@0"), arrow_width=1, head_length=3, head_thickness=2))
    stroke, head = layers_of(of)
    assert isinstance(stroke, Stroke) and isinstance(head, Marker)
    assert (stroke.color, head.fill, head.placement, head.size_pt) == (BLUE_COLOR, BLUE_COLOR, "last", 6 * MM)


def test_a_filled_line_is_a_line_in_its_colour() -> None:
    """Since QGIS 3.36 a line may be filled like an area."""
    of = symbol("line", layer("FilledLine", fill(BLUE, "@0@0"), line_width=2, capstyle="round", joinstyle="miter"))
    assert layers_of(of) == (Stroke(BLUE_COLOR, 2 * MM, cap="round", join="miter"),)


def test_patterns_inside_polygons() -> None:
    """Lines, points with rows moved by half, and a marker in the middle."""
    (hatch,) = layers_of(symbol("fill", layer("LinePatternFill", line(BLUE, 0.5, name="@0@0"), angle=30, distance=2)))
    assert isinstance(hatch, Hatch)
    assert (hatch.angle_deg, hatch.separation_pt, hatch.stroke.color) == (30.0, 2 * MM, BLUE_COLOR)
    pattern = layer("PointPatternFill", marker(size=1, name="@0@0"), distance_x=4, distance_y=3, displacement_x=2)
    (grid,) = layers_of(symbol("fill", pattern))
    assert isinstance(grid, Marker)
    assert (grid.placement, grid.spacing_pt, grid.spacing_y_pt, grid.is_staggered) == ("pattern", 4 * MM, 3 * MM, True)
    (middle,) = layers_of(symbol("fill", layer("CentroidFill", marker(name="@0@0"))))
    assert isinstance(middle, Marker) and middle.placement == "center"


def test_gradients() -> None:
    """Two colours or a ramp; between the reference points, turned, about the middle as far as told, or from the edge inwards."""
    down = layers_of(symbol("fill", layer("GradientFill", color=RED, gradient_color2=BLUE)))
    assert down == (GradientFill(qml_ramp(), "linear", 270.0),)
    right = layers_of(
        symbol("fill", layer("GradientFill", color=RED, gradient_color2=BLUE, reference_point1="0,0.5", reference_point2="1,0.5"))
    )
    assert right == (GradientFill(qml_ramp(), "linear", 0.0),)
    radius = {"reference_point1": "0.5,0.5", "reference_point2": "1,0.5"}
    (turned,) = layers_of(symbol("fill", layer("GradientFill", color=RED, gradient_color2=BLUE, angle=45)))
    assert isinstance(turned, GradientFill) and turned.angle_deg == 315.0
    (round_,) = layers_of(symbol("fill", layer("GradientFill", type=1, color=RED, gradient_color2=BLUE, **radius)))  # type: ignore[arg-type]
    assert isinstance(round_, GradientFill)
    assert [place for place, _ in round_.ramp.stops] == pytest.approx([0.0, 0.7071, 1.0], abs=1e-3)
    (burst,) = layers_of(symbol("fill", layer("ShapeburstFill", color_type=1, color1=RED, color2=BLUE, stops=f"0.5;{GREEN}")))
    assert isinstance(burst, GradientFill)
    assert (burst.method, burst.ramp.stops[1]) == ("buffered", (0.5, GREEN_COLOR))


def qml_ramp() -> Ramp:
    return Ramp(((0.0, RED_COLOR), (1.0, BLUE_COLOR)))


@pytest.mark.parametrize(
    "stops", ["0.25;0,255,0,255;rgb;ccw:0.5;0,0,255,255;rgb;ccw", "0.25;0,255,0,255,rgb:0,1,0,1;rgb;ccw:0.5;0,0,255,255,rgb:0,0,1,1"]
)
def test_stops_of_ramps_in_old_and_new_spelling(stops: str) -> None:
    """Since 3.38 colours hold colons of their own."""
    theme = theme_of(qml.renderer("heatmapRenderer", qml.ramp(RED, RED, stops)))
    assert isinstance(theme, HeatMap)
    assert theme.ramp.stops[1:3] == ((0.25, GREEN_COLOR), (0.5, BLUE_COLOR))


def test_pictures_inside_the_document_are_drawn() -> None:
    """A raster and an SVG picture, the latter in the colours of the layer."""
    (image,) = layers_of(symbol("marker", layer("RasterMarker", imageFile=png(), size=4, alpha=0.5)))
    assert isinstance(image, PictureMarker)
    assert (image.media_type, image.width_pt, image.height_pt, image.opacity) == ("image/png", 4 * MM, 2 * MM, 0.5)
    path = '<path d="M0 0L9 9" fill="param(fill) #fff" stroke="param(outline)"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">{path}</svg>'
    name = "base64:" + base64.b64encode(svg.encode()).decode()
    (drawn,) = layers_of(symbol("marker", layer("SvgMarker", name=name, color=RED, outline_color=BLUE, size=4)))
    assert isinstance(drawn, PictureMarker)
    assert b'fill="#ff0000"' in drawn.content and b'stroke="#0000ff"' in drawn.content
    (filled,) = layers_of(symbol("fill", layer("RasterFill", imageFile=png(), width=8, width_unit="Pixel")))
    assert isinstance(filled, PictureFill) and (filled.width_pt, filled.height_pt) == (6.0, 3.0)


@pytest.mark.parametrize(
    "name",
    [
        "https://example.org/star.svg",
        "/etc/passwd",
        "symbol/star.svg",
        "base64:bm8gcGljdHVyZQ==",
        "file:///tmp/a.svg",
        r"\\host\share\star.svg",
    ],
)
def test_pictures_elsewhere_are_never_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a file, not a share, not the network: the nearest shape is drawn, and a warning tells it."""
    text = document(qml.single(symbol("marker", layer("SvgMarker", name=name, color=RED, size=4), layer("RasterMarker", imageFile=name))))
    monkeypatch.setattr("builtins.open", lambda *a, **k: pytest.fail("a file was opened"))
    monkeypatch.setattr("socket.socket", lambda *a, **k: pytest.fail("a socket was opened"))
    theme = qml.read(text).style.theme
    assert isinstance(theme, Single) and all(isinstance(found, Marker) for found in theme.symbol.layers)
    assert any("not in the document" in warning for warning in warnings_of(text))
    if "star" in name:
        first = theme.symbol.layers[0]
        assert isinstance(first, Marker) and first.path == shapes.STAR


# --- labels ------------------------------------------------------------------------------------------------------------


def labels_of(*inner: str, **given: object):  # type: ignore[no-untyped-def]
    return qml.read(document(qml.single(marker()), *inner, **given)).style.labels


def test_labels_look_as_they_say() -> None:
    """Field, font, size, colour, box, and a halo, of whose pen half lies outside the letters."""
    given = qml.settings(
        {
            "fieldName": "NAME",
            "fontFamily": "Noto Sans",
            "fontSize": 9,
            "fontSizeUnit": "Point",
            "textColor": RED,
            "textOpacity": 0.5,
            "namedStyle": "Bold Italic",
        },
        buffer={"bufferDraw": 1, "bufferSize": 1, "bufferSizeUnits": "MM", "bufferColor": BLUE},
        background={"shapeDraw": 1, "shapeType": 0, "shapeFillColor": GREEN, "shapeSizeX": 2, "shapeSizeUnit": "Point"},
    )
    (found,) = labels_of(qml.labeling(given))
    assert found.text == Column("NAME")
    text = found.symbol
    assert (text.family, text.size_pt, text.color, text.is_bold, text.is_italic) == ("Noto Sans", 9.0, Color(255, 0, 0, 128), True, True)
    assert (text.halo_color, text.halo_pt) == (BLUE_COLOR, pytest.approx(MM / 2))
    assert (text.box_color, text.box_margin_pt) == (GREEN_COLOR, 2.0)


def test_labels_are_off_where_the_layer_says_so() -> None:
    """``labelsEnabled`` decides; settings are written all the same."""
    given = qml.labeling(qml.settings({"fieldName": "NAME"}))
    assert labels_of(given, labelsEnabled=0) == ()
    assert len(labels_of(given, labelsEnabled=1)) == 1
    assert labels_of(qml.labeling(qml.settings({"fieldName": "NAME"}, rendering={"drawLabels": 0}))) == ()


@pytest.mark.parametrize(
    ("given", "anchors", "along", "side"),
    [
        ({"placement": 0}, "NE", "horizontal", "on"),
        ({"placement": 1, "quadOffset": 2}, "NE", "horizontal", "on"),
        ({"placement": 2, "placementFlags": 2}, "C", "straight", "above"),
        ({"placement": 3, "placementFlags": 4}, "C", "curved", "below"),
        ({"placement": 3, "placementFlags": 9}, "C", "curved", "on"),
        ({"placement": 4}, "C", "horizontal", "on"),
        ({"placement": 6, "predefinedPositionOrder": "TL,R"}, "NW", "horizontal", "on"),
    ],
)
def test_places_of_labels(given: dict[str, object], anchors: str, along: str, side: str) -> None:
    """The places that QGIS numbers."""
    (found,) = labels_of(qml.labeling(qml.settings({"fieldName": "NAME"}, given)))
    assert (found.placement.anchors[0], found.placement.along, found.placement.side) == (anchors, along, side)


def test_labels_by_rules_have_filters_and_scales() -> None:
    """Scales of the rule and of the label's own settings both count."""
    inner = qml.settings({"fieldName": "NAME"}, rendering={"scaleVisibility": 1, "scaleMin": 0, "scaleMax": 15000})
    listed = f"<rules>{rule(inner, filter=chr(34) + 'POP' + chr(34) + ' > 5', scalemaxdenom=100000, description='big')}</rules>"
    (found,) = labels_of(qml.labeling(listed, "rule-based"))
    assert (found.name, found.filter) == ("big", Comparison(">", Column("POP"), Literal(5)))
    assert found.min_scale_denominator == pytest.approx(15000 * 0.94494)


def test_labels_of_qgis_2() -> None:
    """Custom properties of the layer."""
    given = {
        "enabled": "true",
        "fieldName": "NAME",
        "fontSize": "8",
        "textColorR": "255",
        "textColorG": "0",
        "textColorB": "0",
        "bufferDraw": "true",
    }
    listed = "".join(f'<property key="labeling/{key}" value="{value}"/>' for key, value in given.items())
    (found,) = labels_of(f"<customproperties>{listed}</customproperties>")
    assert (found.text, found.symbol.size_pt, found.symbol.color) == (Column("NAME"), 8.0, RED_COLOR)
    assert found.symbol.halo_color is not None


# --- rasters -----------------------------------------------------------------------------------------------------------


def raster_of(text: str) -> Theme:
    return qml.read(text).style.theme


def test_grey_stretches_and_where_their_limits_are_from() -> None:
    """Limits of the author stay; others are made again from the result, and keep the template's own."""
    own = raster_of(qml.raster("singlebandgray", qml.enhancement(5, 90), qml.origin(), grayBand=2, gradient="WhiteToBlack"))
    assert isinstance(own, Stretch)
    assert (own.band, own.recipe.kind, own.recipe.limits) == (2, StretchKind.CUSTOM, (5.0, 90.0))
    assert own.ramp.stops[0][1] == Color(255, 255, 255)
    cut = raster_of(
        qml.raster("singlebandgray", qml.enhancement(5, 90), qml.origin("CumulativeCut", cumulativeCutLower=0.01, cumulativeCutUpper=0.97))
    )
    assert isinstance(cut, Stretch)
    assert (cut.recipe.kind, cut.recipe.percents, cut.recipe.template_limits) == (StretchKind.PERCENT_CLIP, (1.0, 3.0), (5.0, 90.0))
    assert cut.recipe.limits is None
    plain = raster_of(qml.raster("singlebandgray", qml.enhancement(5, 90, "NoEnhancement")))
    assert isinstance(plain, Stretch) and plain.recipe.kind is StretchKind.NONE


def test_interpolated_colours_stand_at_their_values() -> None:
    """However uneven."""
    items = [(0, "#000000", "0"), (3, "#ff0000", "3"), (10, "#ffffff", "10")]
    theme = raster_of(qml.raster("singlebandpseudocolor", qml.shader("INTERPOLATED", items), qml.origin(), band=1))
    assert isinstance(theme, Stretch)
    assert [place for place, _ in theme.ramp.stops] == pytest.approx([0.0, 0.3, 1.0])
    assert theme.recipe.limits == (0.0, 10.0)


def test_discrete_and_exact_colours() -> None:
    """Discrete ones are classes up to their value, the last without end; exact ones are values."""
    items = [(1, "#ff0000", "low"), ("inf", "#0000ff", "high")]
    classes = raster_of(qml.raster("singlebandpseudocolor", qml.shader("DISCRETE", items), qml.origin(), band=1))
    assert isinstance(classes, Classified)
    assert [(c.upper, c.color, c.label) for c in classes.classes] == [(1.0, RED_COLOR, "low"), (math.inf, BLUE_COLOR, "high")]
    exact = raster_of(qml.raster("singlebandpseudocolor", qml.shader("EXACT", [(1, "#ff0000", "one")]), band=1))
    assert isinstance(exact, UniqueRaster) and exact.classes[0].values == (1.0,)
    assert exact.default == TRANSPARENT


def test_palettes() -> None:
    """Each entry is a class with its label and opacity; cells of other values are not drawn, so none get a class of their own."""
    entries = '<colorPalette><paletteEntry value="3" color="#0000ff" alpha="128" label="water"/></colorPalette>'
    theme = raster_of(qml.raster("paletted", entries, band=1))
    assert isinstance(theme, UniqueRaster)
    assert [(c.values, c.color, c.label) for c in theme.classes] == [((3.0,), Color(0, 0, 255, 128), "water")]
    assert theme.default == TRANSPARENT


def test_colour_pictures_and_relief() -> None:
    """Three bands each with its stretch; a hillshade by its light."""
    red = qml.enhancement(1, 2, tag="redContrastEnhancement")
    theme = raster_of(qml.raster("multibandcolor", red, qml.origin(), redBand=3, greenBand=2, blueBand=-1))
    assert isinstance(theme, RGB)
    assert (theme.bands, theme.recipes[0].limits, theme.recipes[1].kind) == ((3, 2, 0), (1.0, 2.0), StretchKind.NONE)
    relief = raster_of(qml.raster("hillshade", azimuth=300, angle=30, zfactor=2, multidirection=1))
    assert relief == ShadedRelief(300.0, 30.0, 2.0, is_multidirectional=True)


def test_opacity_and_a_transparent_value_of_a_raster() -> None:
    """The renderer's opacity is the layer's; one wholly transparent value is left out."""
    entry = '<pixelListEntry min="0" max="0" percentTransparent="100"/>'
    listed = f"<rasterTransparency><singleValuePixelList>{entry}</singleValuePixelList></rasterTransparency>"
    style = qml.read(qml.raster("singlebandgray", qml.enhancement(5, 90), listed, opacity=0.3)).style
    assert style.opacity == 0.3
    assert isinstance(style.theme, Stretch) and (style.theme.background, style.theme.background_color) == (0.0, None)


def test_colours_changed_after_the_theme_and_resampling() -> None:
    """Brightness of 255, contrast and saturation of 100 as QGIS counts them; only chosen resampling counts."""
    light = '<brightnesscontrast brightness="51" contrast="100" gamma="2"/><huesaturation saturation="-100" invertColors="1"/>'
    style = qml.read(qml.raster("singlebandgray", after=light + '<rasterresampler zoomedInResampler="bilinear"/>')).style
    assert style.adjustment == ColorAdjustment(brightness=0.2, contrast=4.0, gamma=2.0, saturation=0.0, is_negative=True)
    assert style.resampling == "bilinear"
    plain = '<brightnesscontrast brightness="0" contrast="0" gamma="1"/><huesaturation saturation="0" colorizeStrength="50"/>'
    style = qml.read(qml.raster("singlebandgray", after=plain + "<rasterresampler/>")).style
    assert (style.adjustment, style.resampling) == (None, "")


# --- files -------------------------------------------------------------------------------------------------------------


def test_a_file_is_one_layer_named_as_the_file(tmp_path: Path) -> None:
    """The document's DOCTYPE is no harm."""
    file = tmp_path / "Flood zones.qml"
    file.write_text(document(qml.single(fill())), encoding="utf-8")
    (found,) = read_styles(file)
    assert (found.name, found.style.theme) == ("Flood zones", Single(Symbol((Fill(RED_COLOR),))))


@pytest.mark.parametrize("text", ["<qlr/>", "<qgis/>", '<qgis><renderer-v2 type="graduatedSymbol" attr="A"/></qgis>'])
def test_other_documents_are_invalid(text: str) -> None:
    """Projects, layer definitions and styles without symbology."""
    assert "line 1" in reason_of(text)


def test_symbols_inside_symbols_without_end_are_refused() -> None:
    """A hostile file must not be read for ever."""
    text = marker()
    for _ in range(12):
        text = symbol("marker", layer("MarkerLine", text))
    with pytest.raises(StyleInvalid):
        layers_of(text)
