"""QGIS line layers -> Stroke."""

from __future__ import annotations

from rendermap.symbology.document import to_number
from rendermap.symbology.qgis.properties import PT_PER_MM, Properties, read_properties
from rendermap.symbology.symbols import Color, Stroke
from rendermap.symbology.xml_document import XmlNode

# Lengths in widths of the pen, as Qt draws its pen styles.
_DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dash": (4, 2),
    "dot": (1, 2),
    "dash dot": (4, 2, 1, 2),
    "dash dot dot": (4, 2, 1, 2, 1, 2),
}
_CAPS = {"flat": "butt", "round": "round", "square": "square"}
_THINNEST_DASH_UNIT_PT = 0.75
_MOST_DASHES = 64


def read(node: XmlNode) -> tuple[Stroke, ...] | None:
    """SimpleLine; lines of a changing colour or width by a plain line."""
    kind = node.attribute("class")
    if kind == "SimpleLine":
        return _simple(read_properties(node))
    if kind not in ("InterpolatedLine", "Lineburst", "LineburstLine", "RasterLine"):
        return None
    properties = read_properties(node)
    node.warn(f"a line of the kind {kind}", "a plain line is used")
    return (Stroke(properties.color("single_color", "color", "color1", default=Color(104, 104, 104)), properties.width("line_width")),)


def _simple(properties: Properties) -> tuple[Stroke, ...]:
    color, width = properties.color("line_color", "color"), properties.width("line_width", "width", unit="line_width_unit")
    dashes = (
        _custom_dashes(properties) if properties.flag("use_custom_dash") else pen_dashes(properties.text("line_style", "penstyle"), width)
    )
    _warn(properties)
    override = properties.overrides.get("outlineWidth") or properties.overrides.get("width")
    unit = properties.unit_pt("line_width_unit")
    if dashes is None:
        return ()
    return (
        Stroke(
            color,
            width,
            dashes,
            cap_of(properties, "square"),
            join_of(properties),
            # QGIS counts to the right of the direction.
            -properties.length("offset"),
            override.size_by(width, unit) if override else None,
        ),
    )


def outline(properties: Properties) -> Stroke | None:
    """The outline that fills and markers have of their own; None where it is off or cannot be seen."""
    width = properties.width("outline_width", "width_border", default=0.26)
    dashes = pen_dashes(properties.text("outline_style", "style_border", default="solid"), width)
    color = properties.color("outline_color", "color_border", "border_color")
    if dashes is None or not color.a:
        return None
    return Stroke(color, width, dashes, cap_of(properties, "square", key="cap_style"), join_of(properties))


def cap_of(properties: Properties, default: str, key: str = "capstyle") -> str:
    """The ends of a pen."""
    return _CAPS.get(properties.text(key, default=default), default)


def join_of(properties: Properties) -> str:
    """The corners of a pen."""
    join = properties.text("joinstyle", default="bevel")
    return join if join in ("miter", "round", "bevel") else "bevel"


def pen_dashes(style: str, width_pt: float) -> tuple[float, ...] | None:
    """The dashes of a pen style; None for no pen."""
    if style == "no":
        return None
    return tuple(d * max(width_pt, _THINNEST_DASH_UNIT_PT) for d in _DASHES.get(style, ()))


def _custom_dashes(properties: Properties) -> tuple[float, ...]:
    unit = properties.unit_pt("customdash_unit")
    texts = [text for text in properties.text("customdash").split(";")[:_MOST_DASHES] if text.strip()]
    written = tuple((to_number(text.strip()) or 0.0) * unit for text in texts)
    lengths = tuple(max(length, 0.0) for length in written)
    if lengths != written:
        properties.node.warn("dashes shorter than nothing", "they have no length")
    if lengths and sum(lengths) <= PT_PER_MM / 100:
        properties.node.warn("dashes of no length", "a whole line is drawn")
        return ()
    return lengths * 2 if len(lengths) % 2 else lengths


def _warn(properties: Properties) -> None:
    node = properties.node
    if properties.flag("draw_inside_polygon"):
        node.warn("a line only inside its polygon", "it is drawn to both sides of the edge")
    if properties.text("ring_filter", default="0") != "0":
        node.warn("only outer or only inner rings", "all rings are drawn")
    if properties.number("trim_distance_start") or properties.number("trim_distance_end"):
        node.warn("a trimmed line", "the whole line is drawn")
    if (
        properties.number("dash_pattern_offset")
        or properties.flag("align_dash_pattern")
        or properties.flag("tweak_dash_pattern_on_corners")
    ):
        node.warn("dashes that are moved or aligned", "they begin where the line does")
    properties.warn_overrides("outlineWidth", "width")
