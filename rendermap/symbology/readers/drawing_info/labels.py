"""``labelingInfo`` of the REST JSON -> LabelClass."""

from __future__ import annotations

import re

from rendermap.limits import EXPRESSION_CHARS
from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.esri_expressions import first_field, label_condition, shows_field, value_of
from rendermap.symbology.expressions.tree import Column, Concat, Literal, Operand
from rendermap.symbology.fonts import tell_stand_in
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol, told_repeat
from rendermap.symbology.readers.style_reader import check_count, to_scale_denominator
from rendermap.symbology.symbols import BLACK

POINT_ANCHORS = {
    "AboveLeft": "NW", "AboveCenter": "N", "AboveRight": "NE", "CenterLeft": "W", "CenterCenter": "C", "CenterRight": "E",
    "BelowLeft": "SW", "BelowCenter": "S", "BelowRight": "SE",
}  # fmt: skip
SIDES = {"Above": "above", "Center": "on", "Below": "below"}
_AROUND = ("NE", "N", "E", "NW", "SE", "W", "S", "SW")
_PIECE = re.compile(r'\s*(?:"((?:[^"]|"")*)"|\'((?:[^\']|\'\')*)\'|\[([^\[\]]+)\]|(NEWLINE))\s*(?:CONCAT(?=\W)|$)', re.IGNORECASE)
_HOLE = re.compile(r"\{([^{}]+)\}")


def read_labels(info: Node, geometry: str) -> tuple[LabelClass, ...]:
    """The label classes of a drawing.  geometry: ``point``, ``line`` or ``polygon``."""
    classes = info.children("labelingInfo")
    check_count(info, "labelingInfo", len(classes))
    return tuple(read for node in classes if (read := _label_class(node, geometry)) is not None)


def _label_class(node: Node, geometry: str) -> LabelClass | None:
    text, (is_known, condition) = _text(node), label_condition(node, "where")
    if text is None or not is_known:
        return None
    if node.flag("useCodedValues") and shows_field(text):
        node.warn_once("descriptions of coded values", "where the data has such, its codes are written", "useCodedValues")
    symbol = node.child("symbol")
    turn = _rotation(node)
    return LabelClass(
        text,
        read_text_symbol(symbol) if symbol else TextSymbol(),
        _placement(node, geometry, symbol),
        node.text("name"),
        condition,
        to_scale_denominator(node.number("minScale")),
        to_scale_denominator(node.number("maxScale")),
        -node.number("priority") if node.number("priority") > 0 else 0.0,
        *(turn or (None, False)),
    )


# --- what it says ------------------------------------------------------------------------------------------------------


def _text(node: Node) -> Operand | None:
    """The text of ``labelExpressionInfo``, Arcade or with fields in braces, else of the older ``labelExpression``."""
    info = node.child("labelExpressionInfo")
    if info is not None and (info.has("expression") or info.has("value")):
        if info.has("expression"):
            return _arcade(info)
        return _with_holes(info.text("value"))
    written = node.text("labelExpression")
    joined = _joined(written)
    if joined is not None:
        return joined
    fallback = first_field(written)
    return value_of(node, "labelExpression", _used(fallback), "vbscript") or fallback


def _arcade(info: Node) -> Operand | None:
    fallback = first_field(info.text("expression"))
    return value_of(info, "expression", _used(fallback)) or fallback


def _used(fallback: Column | None) -> str:
    return f"the field {fallback.name} alone is used" if fallback else "the class is left out"


def _joined(text: str) -> Operand | None:
    """``[A] CONCAT " m" CONCAT NEWLINE``: the only thing that map servers let label expressions do.  None for any other text."""
    parts: list[Operand] = []
    at = 0
    while at < min(len(text), EXPRESSION_CHARS.value):
        match = _PIECE.match(text, at)
        if match is None:
            return None
        double, single, field, newline = match.groups()
        literal = "\n" if newline else double.replace('""', '"') if double is not None else (single or "").replace("''", "'")
        parts.append(Column(field.strip()) if field else Literal(literal))
        at = match.end()
    return parts[0] if len(parts) == 1 else Concat(tuple(parts)) if parts else None


def _with_holes(text: str) -> Operand | None:
    parts: list[Operand] = []
    for i, piece in enumerate(_HOLE.split(text[: EXPRESSION_CHARS.value])):
        if piece:
            parts.append(Column(piece.strip()) if i % 2 else Literal(piece))
    return parts[0] if len(parts) == 1 else Concat(tuple(parts)) if parts else None


# --- how it looks ------------------------------------------------------------------------------------------------------


def read_text_symbol(node: Node) -> TextSymbol:
    """An esriTS."""
    font = node.child("font") or Node({}, f"{node.path}.font", node.notes)
    halo = colors.from_esri(node.get("haloColor"))
    size, width = font.number("size", 10.0), node.number("haloSize")
    outline = colors.from_esri(node.get("borderLineColor"))
    for word in ("underline", "line-through"):
        if word in font.text("decoration").lower():
            font.warn(f"text with {word}", "the text is drawn without it", "decoration")
    family = font.text("family") or TextSymbol().family
    tell_stand_in(family, font.warn_once)
    return TextSymbol(
        family=family,
        size_pt=size if size > 0 else 10.0,
        color=colors.from_esri(node.get("color")) or BLACK,
        is_bold=font.text("weight").lower() in ("bold", "bolder", "600", "700", "800", "900"),
        is_italic=font.text("style").lower() in ("italic", "oblique"),
        halo_color=halo if width > 0 else None,
        halo_pt=width if halo and width > 0 else 0.0,
        rotation_deg=node.number("angle"),
        line_height=max(node.number("lineHeight", 1.0), 0.3),
        box_color=colors.from_esri(node.get("backgroundColor")),
        box_outline=outline if node.number("borderLineSize", 1.0) > 0 else None,
    )


def _placement(node: Node, geometry: str, symbol: Node | None) -> Placement:
    name = node.text("labelPlacement")
    moved = (symbol.number("xoffset"), symbol.number("yoffset")) if symbol else (0.0, 0.0)
    overlap = node.text("deconflictionStrategy", "static") == "none"
    each_part = node.text("multiPart").lower() == "labelperpart"
    repeat = told_repeat(node.number("repeatLabelDistance"), node.warn) if node.flag("repeatLabel") else 0.0
    short = name.removeprefix("esriServer")
    if short.startswith("LinePlacement") or (not name and geometry == "line"):
        return _on_line(node, short.removeprefix("LinePlacement"), moved, repeat, overlap, each_part)
    if short.startswith("PolygonPlacement") or (not name and geometry == "polygon"):
        return Placement(("C",), "horizontal", dx_pt=moved[0], dy_pt=moved[1], may_overlap=overlap, each_part=each_part)
    anchor = POINT_ANCHORS.get(short.removeprefix("PointLabelPlacement"))
    if name and anchor is None:
        node.warn(f"the placement {name!r}", "labels around the point are used", "labelPlacement")
    anchors = (anchor,) if anchor else _AROUND
    distance = max(node.number("offsetDistance"), 0.0)
    return Placement(anchors, distance_pt=distance, dx_pt=moved[0], dy_pt=moved[1], may_overlap=overlap, each_part=each_part)


def _on_line(node: Node, where: str, moved: tuple[float, float], repeat: float, overlap: bool, each_part: bool) -> Placement:
    side = next((side for word, side in SIDES.items() if where.startswith(word)), "above")
    if where.endswith(("Before", "After", "Start", "End")):
        node.warn(f"labels at one end of a line ({where})", "labels along it are used", "labelPlacement")
    connection = node.text("lineOrientation")
    along = "horizontal" if connection == "horizontal" else "curved" if node.text("labelPlacementStyle") == "curved" else "straight"
    distance = max(node.number("offsetDistance"), 0.0)
    return Placement(("C",), along, side, distance, *moved, repeat_pt=repeat, may_overlap=overlap, each_part=each_part)


def _rotation(node: Node) -> tuple[Operand, bool] | None:
    """(the value that turns the text, whether clockwise)."""
    info = node.child("labelAngleInfo")
    if info is None:
        return None
    field = info.text("angleExpression").strip("[] ")
    return (Column(field), info.text("rotationType", "geographic").lower().startswith("geo")) if field else None
