"""LabelClass -> a Rule with a TextSymbolizer of SE 1.1, with GeoServer's vendor options."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.filter_document import filter_element, value_element
from rendermap.symbology.expressions.tree import Arithmetic, Literal, Operand
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.symbolizers.se_elements import displacement, fill_element, parameter, px, se
from rendermap.symbology.symbolizers.symbolizer import format_number

Limits = tuple[float | None, float | None]
_CHARACTER_WIDTH = 0.55
_ACROSS = {"E": 0.0, "W": 1.0}
_UP = {"N": 0.0, "S": 1.0}


def label_element(label: LabelClass, geometry: GeometryKind, limits: Limits, notes: list[str]) -> Element | None:
    """The rule of a class of labels, None where its text or filter cannot be said.  limits: scales of the layer, farthest and nearest."""
    farthest, nearest = limits
    try:
        test = filter_element(label.filter) if label.filter is not None else None
        text = _text(label, geometry)
    except InvalidExpression as error:
        notes.append(f"labels are left out: {error.reason or error.sentence}")
        return None
    far = min((s for s in (label.min_scale_denominator, farthest) if s is not None), default=None)
    near = max((s for s in (label.max_scale_denominator, nearest) if s is not None), default=None)
    return se(
        "Rule",
        se("Name", text=label.name) if label.name else None,
        test,
        se("MinScaleDenominator", text=f"{near:.15g}") if near else None,
        se("MaxScaleDenominator", text=f"{far:.15g}") if far else None,
        text,
    )


def _text(label: LabelClass, geometry: GeometryKind) -> Element:
    symbol, placement = label.symbol, label.placement
    return se(
        "TextSymbolizer",
        se("Label", value_element(label.text)),
        _font(symbol),
        _placement(label, geometry),
        _halo(symbol),
        fill_element(symbol.color),
        se("Priority", text=format_number(label.priority)) if label.priority else None,
        *(_option(name, text) for name, text in _options(symbol, placement)),
    )


def _font(symbol: TextSymbol) -> Element:
    return se(
        "Font",
        parameter("font-family", symbol.family),
        parameter("font-size", px(symbol.size_pt)),
        parameter("font-style", "italic") if symbol.is_italic else None,
        parameter("font-weight", "bold") if symbol.is_bold else None,
    )


def _halo(symbol: TextSymbol) -> Element | None:
    if symbol.halo_color is None or symbol.halo_pt <= 0:
        return None
    return se("Halo", se("Radius", text=px(symbol.halo_pt)), fill_element(symbol.halo_color))


def _option(name: str, text: str) -> Element:
    return se("VendorOption", text=text, name=name)


def _placement(label: LabelClass, geometry: GeometryKind) -> Element:
    placement, symbol = label.placement, label.symbol
    if geometry is GeometryKind.LINE or _is_for_lines(placement):
        return se("LabelPlacement", _along(placement, symbol))
    anchor = placement.anchors[0] if placement.anchors else "C"
    x = _ACROSS.get(anchor[-1], 0.5)
    y = _UP.get(anchor[0], 0.5)
    # SE moves a label from its point; how far it stands off goes the same way.
    dx = placement.dx_pt + placement.distance_pt * (1 - 2 * x if x != 0.5 else 0.0)
    dy = placement.dy_pt + placement.distance_pt * (1 - 2 * y if y != 0.5 else 0.0)
    point = se(
        "PointPlacement",
        se("AnchorPoint", se("AnchorPointX", text=format_number(x)), se("AnchorPointY", text=format_number(y))),
        displacement(dx, dy),
        _rotation(label),
    )
    return se("LabelPlacement", point)


def _is_for_lines(placement: Placement) -> bool:
    """A label that says anything of lines."""
    return placement.along != "curved" or placement.side != "on" or placement.repeat_pt > 0


def _rotation(label: LabelClass) -> Element | None:
    by: Operand | None = label.rotation_by
    if by is not None:
        return se("Rotation", value_element(by if label.rotation_clockwise else Arithmetic("-", Literal(0), by)))
    turn = label.symbol.rotation_deg
    return se("Rotation", text=f"{-turn:.10g}") if turn else None


def _along(placement: Placement, symbol: TextSymbol) -> Element:
    """SE counts from the line to the middle of the text."""
    side = {"above": 1.0, "below": -1.0}.get(placement.side, 0.0)
    offset = side * (placement.distance_pt + symbol.size_pt / 2)
    return se(
        "LinePlacement",
        se("PerpendicularOffset", text=px(offset)) if offset else None,
        se("IsRepeated", text="true") if placement.repeat_pt else None,
        se("Gap", text=px(placement.repeat_pt)) if placement.repeat_pt else None,
        se("IsAligned", text="false") if placement.along == "horizontal" else None,
    )


def _options(symbol: TextSymbol, placement: Placement) -> list[tuple[str, str]]:
    found = []
    if placement.along == "curved":
        found.append(("followLine", "true"))
    if len(placement.anchors) > 1:
        found.append(("maxDisplacement", px(symbol.size_pt)))
    if placement.repeat_pt:
        found.append(("repeat", px(placement.repeat_pt)))
    if placement.may_overlap:
        found.append(("conflictResolution", "false"))
    if placement.must_fit:
        found.append(("goodnessOfFit", "1"))
    if placement.each_part:
        found.append(("labelAllGroup", "true"))
    if placement.wrap_chars:
        found.append(("autoWrap", px(placement.wrap_chars * symbol.size_pt * _CHARACTER_WIDTH)))
    if symbol.letter_spacing_pt:
        found.append(("charSpacing", px(symbol.letter_spacing_pt)))
    return found
