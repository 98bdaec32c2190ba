"""TextSymbolizer -> LabelClass.  Spec: OGC 05-077r4, clause 11.4, and the vendor options of GeoServer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rendermap.errors import InvalidExpression, InvalidFilter
from rendermap.symbology.expressions.filter_encoding import read_parameter
from rendermap.symbology.expressions.logic import any_of
from rendermap.symbology.expressions.tree import Expression, Operand
from rendermap.symbology.fonts import tell_stand_in
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol, told_repeat
from rendermap.symbology.symbolizers import sld_parameters as parameters
from rendermap.symbology.symbols import BLACK, Color
from rendermap.symbology.xml_document import XmlNode

_WHITE = Color(255, 255, 255)
_ALL_AROUND = ("NE", "N", "NW", "W", "SW", "S", "SE", "E")
_BOLD = ("bold", "bolder", "600", "700", "800", "900")
_CHARACTER_WIDTH = 0.55
"""Of a character, as a share of the font's size."""
_HARMLESS = ("forceLeftToRight", "maxAngleDelta", "partials", "polygonAlign", "removeOverlaps", "labelAllGroup", "minGroupDistance")
_KNOWN = (
    "followLine",
    "maxDisplacement",
    "repeat",
    "group",
    "autoWrap",
    "conflictResolution",
    "goodnessOfFit",
    "charSpacing",
    "lineSpacing",
    "spaceAround",
    *_HARMLESS,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """For which features and scales labels are made, and whether the features are areas as far as their rule tells."""

    name: str = ""
    filter: Expression | None = None
    farthest: float | None = None
    nearest: float | None = None
    is_of_areas: bool = False


def read_label(node: XmlNode, scope: Scope) -> LabelClass | None:
    """The labels of a TextSymbolizer, None where it has no text or one that cannot be understood (noted).  Raises StyleInvalid."""
    text = _text(node)
    if text is None:
        return None
    unit = parameters.unit_pt(node)
    symbol = _symbol(node, unit)
    placement, turn, by = _placement(node, symbol.size_pt, unit, scope)
    _warn_unknown(node)
    return LabelClass(
        text,
        replace(symbol, rotation_deg=turn),
        placement,
        scope.name,
        scope.filter,
        scope.farthest,
        scope.nearest,
        _priority(node),
        by,
        by is not None,
        # A text symbolizer is a symbolizer like others, and may be a rule's only one.
        of_drawn_only=False,
    )


def joined(labels: list[LabelClass]) -> tuple[LabelClass, ...]:
    """The classes, those that differ only in what they are for as one: rules of a theme often repeat one text symbolizer."""
    kept: dict[LabelClass, list[LabelClass]] = {}
    for label in labels:
        kept.setdefault(replace(label, filter=None, name=""), []).append(label)
    return tuple(_joined(group) for group in kept.values())


def _joined(group: list[LabelClass]) -> LabelClass:
    if len(group) == 1:
        return group[0]
    filters = tuple(label.filter for label in group if label.filter is not None)
    whole = any_of(filters) if len(filters) == len(group) else None
    return replace(group[0], name="", filter=whole)


def _text(node: XmlNode) -> Operand | None:
    label = node.child("Label")
    if label is None:
        node.warn("a label without text", "there is none")
        return None
    try:
        found = read_parameter(label, is_text=True)
    except (InvalidFilter, InvalidExpression) as error:
        label.warn(f"a text that cannot be made ({error.reason or error.sentence})", "there are no such labels")
        return None
    return found


# --- how it looks -----------------------------------------------------------------------------------------------------


def _symbol(node: XmlNode, unit: float) -> TextSymbol:
    font, fill = node.child("Font"), node.child("Fill")
    usual = TextSymbol()
    families = parameters.constant(parameters.css(font, "font-family")) or usual.family
    family = families.partition(",")[0].strip().strip("'\"") or usual.family
    tell_stand_in(family, node.warn_once)
    style = (parameters.constant(parameters.css(font, "font-style")) or "normal").lower()
    weight = (parameters.constant(parameters.css(font, "font-weight")) or "normal").lower()
    size_pt = max(parameters.length_pt(parameters.css(font, "font-size"), 10.0, unit), 0.1)
    color = parameters.color(parameters.css(fill, "fill"), BLACK, parameters.share(parameters.css(fill, "fill-opacity")) if fill else 1.0)
    halo_color, halo_pt = _halo(node, unit)
    return TextSymbol(
        family,
        size_pt,
        color,
        weight in _BOLD,
        style in ("italic", "oblique"),
        halo_color,
        halo_pt,
        letter_spacing_pt=_option_px(node, "charSpacing"),
    )


def _halo(node: XmlNode, unit: float) -> tuple[Color | None, float]:
    halo = node.child("Halo")
    if halo is None:
        return None, 0.0
    fill = halo.child("Fill")
    opacity = parameters.share(parameters.css(fill, "fill-opacity"))
    color = parameters.color(parameters.css(fill, "fill"), _WHITE, opacity)
    width = max(parameters.length_pt(halo.child("Radius"), 1.0, unit), 0.0)
    return (color, width) if width and color.a else (None, 0.0)


def _priority(node: XmlNode) -> float:
    return parameters.number(node.child("Priority"), 0.0)


# --- where it stands --------------------------------------------------------------------------------------------------


def _placement(node: XmlNode, size_pt: float, unit: float, scope: Scope) -> tuple[Placement, float, Operand | None]:
    """(placement, degrees counter-clockwise, a value that turns clockwise)."""
    told = node.child("LabelPlacement")
    point, line = (told.child("PointPlacement"), told.child("LinePlacement")) if told else (None, None)
    usual = Placement(("C",) if scope.is_of_areas else ("E",)) if point is None else Placement(_anchors(point))
    turn, by = parameters.turn_of(point.child("Rotation")) if point else (0.0, None)
    placement = _with_options(usual, node, size_pt)
    if point is not None:
        dx, dy = parameters.point(point.child("Displacement"), ("DisplacementX", "DisplacementY"), (0.0, 0.0), unit)
        placement = replace(placement, dx_pt=dx, dy_pt=dy)
    return (_along(placement, line, node, size_pt, unit) if line else placement), turn, by


def _anchors(point: XmlNode) -> tuple[str, ...]:
    """The compass point where the text lies: its own anchor is on the other side.  SE's usual anchor is the middle of its left edge."""
    x, y = parameters.point(point.child("AnchorPoint"), ("AnchorPointX", "AnchorPointY"), (0.0, 0.5))
    north = "N" if y < 0.25 else "S" if y > 0.75 else ""
    east = "E" if x < 0.25 else "W" if x > 0.75 else ""
    return (north + east or "C",)


def _along(placement: Placement, line: XmlNode, node: XmlNode, size_pt: float, unit: float) -> Placement:
    offset = parameters.length_pt(line.child("PerpendicularOffset"), 0.0, unit)
    aligned = line.child("IsAligned")
    is_turned = aligned is None or aligned.text.lower() not in ("false", "0")
    along = "horizontal" if not is_turned else "curved" if _flag(node, "followLine") else "straight"
    repeated = line.child("IsRepeated")
    repeat_pt = placement.repeat_pt
    if repeated is not None and repeated.text.lower() in ("true", "1"):
        repeat_pt = max(parameters.length_pt(line.child("Gap"), 200.0, unit), 1.0)
    if line.child("InitialGap"):
        line.warn("a gap before the first label", "labels stand where there is room")
    # SE counts from the line to the middle of the text, the model from the line to its edge.
    side = "above" if offset > 0 else "below" if offset < 0 else "on"
    distance = max(abs(offset) - size_pt / 2, 0.0) if offset else 0.0
    return replace(placement, anchors=("C",), along=along, side=side, distance_pt=distance, repeat_pt=repeat_pt)


def _with_options(placement: Placement, node: XmlNode, size_pt: float) -> Placement:
    """What GeoServer's vendor options say of the place."""
    anchors = placement.anchors
    if _option_px(node, "maxDisplacement") > 0:
        anchors = (*anchors, *(other for other in _ALL_AROUND if other not in anchors))
    wrap_pt = _option_px(node, "autoWrap")
    return replace(
        placement,
        anchors=anchors,
        repeat_pt=told_repeat(_option_px(node, "repeat"), node.warn),
        may_overlap=_option(node, "conflictResolution").lower() == "false" or _option_px(node, "spaceAround") < 0,
        must_fit=0 < _option_number(node, "goodnessOfFit") <= 1,
        each_part=_flag(node, "labelAllGroup"),
        wrap_chars=max(round(wrap_pt / (size_pt * _CHARACTER_WIDTH)), 1) if wrap_pt > 0 else 0,
    )


def _option(node: XmlNode, name: str) -> str:
    found = _option_node(node, name)
    return found.whole_text if found else ""


def _option_node(node: XmlNode, name: str) -> XmlNode | None:
    return next((option for option in node.children("VendorOption") if option.attribute("name") == name), None)


def _option_number(node: XmlNode, name: str) -> float:
    return parameters.number(_option_node(node, name), 0.0)


def _option_px(node: XmlNode, name: str) -> float:
    """A length in points; vendor options are px whatever the symbolizer's unit."""
    return parameters.length_pt(_option_node(node, name), 0.0, parameters.PT_PER_PX)


def _flag(node: XmlNode, name: str) -> bool:
    return _option(node, name).lower() in ("true", "yes", "1")


def _warn_unknown(node: XmlNode) -> None:
    for option in node.children("VendorOption"):
        if option.attribute("name") not in _KNOWN:
            option.warn(f"the vendor option {option.attribute('name')!r}", "it is not used")
    if _flag(node, "group"):
        node.warn("one label for features of the same text", "each feature has its own")
    if node.child("Graphic"):
        node.warn("a graphic behind a label", "the label stands alone")
