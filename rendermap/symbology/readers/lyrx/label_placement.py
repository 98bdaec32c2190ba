"""Where labels of CIM may stand: properties of the Maplex engine and of the standard one -> Placement.

A layer file carries both, and the map says which one works; where there are Maplex properties, they count.
"""

from __future__ import annotations

from rendermap.symbology.document import Node
from rendermap.symbology.labels import Placement, told_repeat

_AROUND = ("NE", "N", "E", "NW", "SE", "W", "S", "SW")
"""The order in which ArcGIS looks for a place around a point."""

_ZONES = {
    "aboveLeft": "NW", "aboveCenter": "N", "aboveRight": "NE", "centerRight": "E",
    "belowRight": "SE", "belowCenter": "S", "belowLeft": "SW", "centerLeft": "W", "center": "C",
}  # fmt: skip
_COMPASS = {
    "NorthOfPoint": "N", "NorthEastOfPoint": "NE", "EastOfPoint": "E", "SouthEastOfPoint": "SE",
    "SouthOfPoint": "S", "SouthWestOfPoint": "SW", "WestOfPoint": "W", "NorthWestOfPoint": "NW",
}  # fmt: skip
_PT = {"Point": 1.0, "Inch": 72.0, "MM": 72 / 25.4, "Pixel": 0.75}
_MOST_WRAP = 200


# --- Maplex ------------------------------------------------------------------------------------------------------------


def read_maplex(node: Node, geometry: str) -> Placement:
    """The nearest to CIMMaplexLabelPlacementProperties.  geometry: ``point``, ``line`` or ``polygon``."""
    around = {"point": _maplex_point, "line": _maplex_line}.get(geometry, _maplex_polygon)(node)
    for key, told in (
        ("canTruncateLabel", "cut labels"),
        ("canKeyNumberLabel", "numbers for labels"),
        ("canAbbreviateLabel", "abbreviations"),
    ):
        if node.flag(key):
            node.warn(told, "labels are written in full", key)
    return around


def _maplex_point(node: Node) -> Placement:
    method = node.text("pointPlacementMethod", "AroundPoint")
    if method == "CenteredOnPoint":
        return Placement(("C",), may_overlap=_stays(node), each_part=_each_part(node), wrap_chars=_wrap(node))
    zones = node.child("pointExternalZonePriorities") if node.flag("enablePointPlacementPriorities") else None
    anchors = (_COMPASS[method],) if method in _COMPASS else _ranked(zones) or _AROUND
    return Placement(anchors, distance_pt=_offset(node), may_overlap=_stays(node), each_part=_each_part(node), wrap_chars=_wrap(node))


def _maplex_line(node: Node) -> Placement:
    method = node.text("linePlacementMethod", "CenteredHorizontalOnLine")
    if "Perpendicular" in method:
        node.warn("text across its line", "text along it is used", "linePlacementMethod")
    along = "horizontal" if "Horizontal" in method else "curved" if "Curved" in method else "straight"
    is_on = method.startswith("Centered")
    side = "on" if is_on else "below" if node.text("constrainOffset") in ("BelowLine", "RightOfLine") else "above"
    repeat = node.number("minimumRepetitionInterval") if node.flag("repeatLabel") else 0.0
    return Placement(
        ("C",),
        along,
        side,
        0.0 if is_on else _offset(node),
        repeat_pt=told_repeat(repeat * _unit(node, "repetitionIntervalUnit", repeat), node.warn),
        may_overlap=_stays(node),
        must_fit=not node.flag("canOverrunFeature"),
        each_part=_each_part(node),
    )


def _maplex_polygon(node: Node) -> Placement:
    method = node.text("polygonPlacementMethod", "HorizontalInPolygon")
    if method in ("StraightInPolygon", "CurvedInPolygon", "RepeatAlongBoundary", "CurvedAroundPolygon"):
        node.warn(f"text in a polygon as {method}", "text across its middle is used", "polygonPlacementMethod")
    is_around = method == "HorizontalAroundPolygon"
    return Placement(
        _AROUND if is_around else ("C",),
        "horizontal",
        distance_pt=_offset(node) if is_around else 0.0,
        may_overlap=_stays(node),
        must_fit=not is_around and not node.flag("canPlaceLabelOutsidePolygon") and not node.flag("canOverrunFeature"),
        each_part=_each_part(node) and not node.flag("labelLargestPolygon"),
        wrap_chars=_wrap(node),
    )


def _stays(node: Node) -> bool:
    """Labels that are drawn whatever stands there, and those that others may stand on."""
    return node.flag("neverRemoveLabel") or node.flag("backgroundLabel")


def _each_part(node: Node) -> bool:
    return node.text("multiPartOption", "OneLabelPerFeature") != "OneLabelPerFeature"


def _wrap(node: Node) -> int:
    stacking = node.child("labelStackingProperties") if node.flag("canStackLabel") else None
    return int(min(max(stacking.number("maximumNumberOfCharsPerLine", 24.0), 0.0), _MOST_WRAP)) if stacking else 0


def _offset(node: Node) -> float:
    distance = node.number("primaryOffset")
    return max(distance * _unit(node, "primaryOffsetUnit", distance), 0.0)


def _unit(node: Node, key: str, length: float) -> float:
    """Points of a unit; map units have none and are told."""
    unit = node.text(key, "Map")
    if unit not in _PT and length:
        node.warn(f"a distance in units of {unit!r}", "none is used", key)
    return _PT.get(unit, 0.0)


def _ranked(zones: Node | None) -> tuple[str, ...]:
    """Compass points by their rank; rank 0 is forbidden."""
    ranks = {anchor: zones.number(key) for key, anchor in _ZONES.items()} if zones else {}
    return tuple(sorted((anchor for anchor, rank in ranks.items() if rank > 0), key=lambda anchor: ranks[anchor]))


# --- the standard engine -----------------------------------------------------------------------------------------------


def read_standard(node: Node, geometry: str) -> Placement:
    """The nearest to CIMStandardLabelPlacementProperties."""
    return {"point": _standard_point, "line": _standard_line}.get(geometry, _standard_polygon)(node)


def _standard_point(node: Node) -> Placement:
    method = node.text("pointPlacementMethod", "AroundPoint")
    overlap = node.flag("allowOverlappingLabels")
    if method == "OnTopPoint":
        return Placement(("C",), may_overlap=overlap)
    if method not in ("AroundPoint", ""):
        node.warn(f"labels at points by {method}", "labels around the point are used", "pointPlacementMethod")
    return Placement(_ranked(node.child("pointPlacementPriorities")) or _AROUND, may_overlap=overlap)


def _standard_line(node: Node) -> Placement:
    position = node.child("lineLabelPosition")
    each_part = node.text("numLabelsOption", "OneLabelPerName") == "OneLabelPerPart"
    overlap = node.flag("allowOverlappingLabels")
    if position is None:
        return Placement(along="straight", side="above", may_overlap=overlap, each_part=each_part)
    if position.flag("perpendicular"):
        position.warn("text across its line", "text along it is used", "perpendicular")
    along = "curved" if position.flag("produceCurvedLabels") else "horizontal" if position.flag("horizontal") else "straight"
    side = "on" if position.flag("onTop") else "above" if position.flag("above") or position.flag("left") else "below"
    return Placement(
        ("C",), along, side, max(position.number("offset"), 0.0) if side != "on" else 0.0, may_overlap=overlap, each_part=each_part
    )


def _standard_polygon(node: Node) -> Placement:
    method = node.text("polygonPlacementMethod", "AlwaysHorizontal")
    if method == "AlwaysStraight":
        node.warn("text along a polygon", "text across its middle is used", "polygonPlacementMethod")
    return Placement(
        ("C",),
        "horizontal",
        may_overlap=node.flag("allowOverlappingLabels"),
        must_fit=node.flag("placeOnlyInsidePolygon"),
        each_part=node.text("numLabelsOption", "OneLabelPerName") == "OneLabelPerPart",
    )
