"""Label classes of CIM -> LabelClass.  Where labels may stand is `label_placement`."""

from __future__ import annotations

from dataclasses import replace

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.esri_expressions import first_field, label_condition, shows_field, value_of
from rendermap.symbology.expressions.tree import Call, Column, Operand
from rendermap.symbology.fonts import tell_stand_in
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.readers.lyrx.label_placement import read_maplex, read_standard
from rendermap.symbology.readers.style_reader import check_count, to_scale_denominator
from rendermap.symbology.symbolizers.cim_symbols import halo_color
from rendermap.symbology.symbols import BLACK, Color

_LETTER_WIDTH = 0.6
"""Of a usual letter, in sizes: CIM widens letters by shares of their own width."""

_GEOGRAPHIC = ("Geographic", "AV3")


def read_labels(layer: Node) -> tuple[LabelClass, ...]:
    """The label classes of a layer whose labels are shown; most layers carry some that are not, and a flag left out is off."""
    if not layer.flag("labelVisibility"):
        return ()
    classes = [node for node in layer.children("labelClasses") if node.flag("visibility")]
    check_count(layer, "labelClasses", len(classes))
    geometry = _geometry_of(layer.need("renderer"))
    return tuple(read for node in classes if (read := _label_class(node, geometry)) is not None)


def _geometry_of(renderer: Node) -> str:
    """``point``, ``line`` or ``polygon``, by the type of the first symbol found, outermost first: outlines alone may be polygons'."""
    if renderer.type == "CIMHeatMapRenderer":
        return "point"
    level: list[object] = [renderer.get("backgroundSymbol"), renderer.value]
    while level:
        for item in level:
            found = _SYMBOLS.get(str(item.get("type"))) if isinstance(item, dict) else None
            if found:
                return found
        level = [inner for item in level for inner in _inside(item)]
    return "polygon"


def _inside(item: object) -> list[object]:
    return list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []


_SYMBOLS = {"CIMPointSymbol": "point", "CIMLineSymbol": "line", "CIMPolygonSymbol": "polygon"}


def _label_class(node: Node, geometry: str) -> LabelClass | None:
    text = _text(node)
    found, condition = label_condition(node, "whereClause")
    if text is None or not found:
        return None
    _warn_of_rest(node, text)
    reference = node.child("textSymbol")
    whole = reference.child("symbol") if reference else None
    symbol, text = read_text_symbol(whole, text) if whole else (TextSymbol(), text)
    maplex, standard = node.child("maplexLabelPlacementProperties"), node.child("standardLabelPlacementProperties")
    placement = read_maplex(maplex, _told(maplex, geometry)) if maplex else read_standard(standard, geometry) if standard else Placement()
    turn = _rotation(maplex, standard)
    return LabelClass(
        text,
        symbol,
        placement,
        node.text("name"),
        condition,
        to_scale_denominator(node.number("minimumScale")),
        to_scale_denominator(node.number("maximumScale")),
        _priority(node),
        *(turn or (None, False)),
    )


def _told(maplex: Node, geometry: str) -> str:
    """The geometry that Maplex properties are for; those of the standard engine often name another than the layer's."""
    kind = maplex.text("featureType").lower()
    return kind if kind in _SYMBOLS.values() else geometry


def _text(node: Node) -> Operand | None:
    """What the label says; where its expression is outside the subset, the first field that it names."""
    written = node.text("expression")
    fallback = first_field(written)
    used = f"the field {fallback.name} alone is used" if fallback else "the class is left out"
    engine = node.text("expressionEngine", "VBScript")
    return value_of(node, "expression", used, engine) or fallback


def _warn_of_rest(node: Node, text: Operand) -> None:
    if node.flag("useCodedValue") and shows_field(text):
        node.warn_once("descriptions of coded values", "where the data has such, its codes are written", "useCodedValue")
    if node.text("featuresToLabel", "AllVisibleFeatures") != "AllVisibleFeatures":
        node.warn("labels of the newest features only", "all features have labels", "featuresToLabel")


def _priority(node: Node) -> float:
    """In CIM 1 goes first, and a number below it says nothing."""
    written = node.number("priority", -1.0)
    return -written if written > 0 else 0.0


# --- text symbols ------------------------------------------------------------------------------------------------------


def read_text_symbol(node: Node, text: Operand) -> tuple[TextSymbol, Operand]:
    """A CIMTextSymbol, and the text in the case it writes."""
    style, height = node.text("fontStyleName").lower(), node.number("height", 10.0)
    halo = halo_color(node)
    family = node.text("fontFamilyName") or TextSymbol().family
    tell_stand_in(family, node.warn_once)
    symbol = TextSymbol(
        family=family,
        size_pt=height if height > 0 else 10.0,
        color=_fill(node.child("symbol")) or BLACK,
        is_bold=any(word in style for word in ("bold", "black", "heavy")),
        is_italic=any(word in style for word in ("italic", "oblique")),
        halo_color=halo,
        halo_pt=max(node.number("haloSize"), 0.0) if halo else 0.0,
        rotation_deg=node.number("angle"),
        letter_spacing_pt=node.number("letterSpacing") / 100 * height * _LETTER_WIDTH,
        line_height=_line_height(node, height),
    )
    _warn_of_text(node)
    callout = node.child("callout")
    return _boxed(symbol, callout) if callout else symbol, _in_case(node, text)


def _fill(symbol: Node | None) -> Color | None:
    layers = [layer for layer in symbol.children("symbolLayers") if layer.flag("enable")] if symbol else []
    solid = next((layer for layer in layers if layer.type == "CIMSolidFill"), None)
    for layer in layers:
        if layer is not solid:
            layer.warn(f"letters painted with {layer.type}", "they are drawn without it")
    return colors.from_cim(solid.child("color")) if solid else None


def _line_height(node: Node, height: float) -> float:
    """Lines stand 1.2 sizes apart by themselves."""
    gap = node.number("lineGap")
    if node.text("lineGapType", "ExtraLeading") == "Multiple":
        return gap if gap > 0 else 1.0
    return max(1.0 + gap / (1.2 * height), 0.3) if height > 0 else 1.0


def _in_case(node: Node, text: Operand) -> Operand:
    case = node.text("textCase", "Normal").lower()
    if case == "smallcaps":
        node.warn("small capitals", "capitals are used", "textCase")
    return Call("upper", (text,)) if case in ("allcaps", "smallcaps") else text


def _warn_of_text(node: Node) -> None:
    if node.has("shadowColor") and (node.number("shadowOffsetX") or node.number("shadowOffsetY")):
        node.warn("a shadow of the text", "the text is drawn without it", "shadowColor")
    for key in ("underline", "strikethrough"):
        if node.flag(key):
            node.warn(f"text with {key}", "the text is drawn without it", key)
    if node.number("letterWidth", 100.0) not in (0.0, 100.0):
        node.warn("letters of another width", "letters of the usual width are used", "letterWidth")
    if node.text("fontEffects", "Normal") not in ("Normal", ""):
        node.warn("raised or lowered letters", "they stand on the line", "fontEffects")


def _boxed(symbol: TextSymbol, callout: Node) -> TextSymbol:
    """The text with the box of a callout behind it; nothing leads from it to the feature."""
    if callout.has("leaderLineSymbol") or "Line" in callout.type:
        callout.warn("a line from the text to its feature", "the text is drawn without it", "leaderLineSymbol")
    background = callout.child("backgroundSymbol")
    layers = [layer for layer in background.children("symbolLayers") if layer.flag("enable")] if background else []
    inside = next((layer for layer in layers if layer.type == "CIMSolidFill"), None)
    edge = next((layer for layer in layers if layer.type == "CIMSolidStroke"), None)
    margin = callout.child("margin")
    sides = [margin.number(side) for side in ("left", "right", "top", "bottom")] if margin else [1.0]
    return replace(
        symbol,
        box_color=colors.from_cim(inside.child("color")) if inside else None,
        box_outline=colors.from_cim(edge.child("color")) if edge else None,
        box_margin_pt=max(sum(sides) / len(sides), 0.0),
    )


# --- rotation ----------------------------------------------------------------------------------------------------------


def _rotation(maplex: Node | None, standard: Node | None) -> tuple[Operand, bool] | None:
    """(the value that turns the text, whether clockwise)."""
    turn = maplex.child("rotationProperties") if maplex else None
    if maplex is not None:
        if turn is None or not turn.flag("enable"):
            return None
        return _turned_by(turn, "rotationType")
    return _turned_by(standard, "rotationType") if standard and standard.text("rotationField") else None


def _turned_by(node: Node, kind_key: str) -> tuple[Operand, bool] | None:
    kind = node.text(kind_key, "Arithmetic")
    if kind == "Radians" or node.number("additionalAngle") or node.flag("perpendicularToAngle"):
        node.warn("text turned by radians, or by more than its number", "its number in degrees is used", kind_key)
    info, field = node.child("rotationExpressionInfo"), node.text("rotationField")
    value = value_of(info, "expression", "the text is not turned") if info and info.text("expression") else Column(field) if field else None
    return None if value is None else (value, kind in _GEOGRAPHIC)
