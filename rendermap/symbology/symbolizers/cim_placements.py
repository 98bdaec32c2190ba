"""Where markers stand on lines and in polygons: placements of CIM -> the placement fields of `PointLayer`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from rendermap.symbology.document import Node
from rendermap.symbology.symbols import PointLayer

L = TypeVar("L", bound=PointLayer)

_LINE_SPACING_PT = 48.0
_GRID_PT = 16.0
_FINEST_PT = 1.0


@dataclass(frozen=True, slots=True)
class MarkerPlacement:
    """Where one marker stands; the fields are those of `PointLayer`.  dx_pt, dy_pt: added to the marker's own."""

    placement: str = ""
    spacing_pt: float = 0.0
    spacing_y_pt: float = 0.0
    is_staggered: bool = False
    is_upright: bool = False
    dx_pt: float = 0.0
    dy_pt: float = 0.0
    turn_deg: float = 0.0
    grid_deg: float = 0.0

    def of(self, layer: L) -> L:
        """The layer standing there."""
        return replace(
            layer,
            placement=self.placement,
            spacing_pt=self.spacing_pt,
            spacing_y_pt=self.spacing_y_pt,
            is_staggered=self.is_staggered,
            is_upright=self.is_upright,
            grid_deg=self.grid_deg,
            dx_pt=layer.dx_pt + self.dx_pt,
            dy_pt=layer.dy_pt + self.dy_pt,
            rotation_deg=layer.rotation_deg + self.turn_deg,
        )


def placements_of(marker: Node) -> tuple[MarkerPlacement, ...]:
    """Of a CIM marker, one for each where it stands by itself; notes what stands elsewhere than the document says."""
    placement = marker.child("markerPlacement")
    if placement is None:
        return (MarkerPlacement(),)
    read = _READERS.get(placement.type)
    if read is None:
        placement.warn(f"the placement {placement.type}", "markers along the line, or inside the polygon, are used")
        return (MarkerPlacement(),)
    return read(placement)


# --- along lines -------------------------------------------------------------------------------------------------------


def _on_line(node: Node, *names: str, spacing_pt: float = 0.0, turns: tuple[float, ...] = ()) -> tuple[MarkerPlacement, ...]:
    """Places of those names.  CIM counts offsets to the right of the line; a flag left out is off."""
    upright = not node.flag("angleToLine")
    return tuple(
        MarkerPlacement(name, spacing_pt, is_upright=upright, dy_pt=-node.number("offset"), turn_deg=turn if not upright else 0.0)
        for name, turn in zip(names, turns or (0.0,) * len(names), strict=True)
    )


def _along(node: Node) -> tuple[MarkerPlacement, ...]:
    template = tuple(v for v in node.numbers("placementTemplate") if v > 0)
    if len(set(template)) > 1:
        node.warn("markers at uneven distances", "their mean distance is used throughout", "placementTemplate")
    if node.type != "CIMMarkerPlacementAlongLineSameSize":
        node.warn("markers of chance sizes along a line", "markers of one size at even distances are used")
    if node.number("offsetAlongLine") or node.text("endings", "NoConstraint") not in ("NoConstraint", "Custom"):
        node.warn("markers fitted to a line's ends", "they stand at even distances from half of one on", "endings")
    spacing = sum(template) / len(template) if template else _LINE_SPACING_PT
    return _on_line(node, "line", spacing_pt=max(spacing, _FINEST_PT))


def _at_extremities(node: Node) -> tuple[MarkerPlacement, ...]:
    ends = {"JustBegin": ("first",), "JustEnd": ("last",), "None": ()}.get(node.text("extremityPlacement", "Both"), ("first", "last"))
    if node.number("offsetAlongLine"):
        node.warn("markers some way from a line's ends", "they stand at the ends", "offsetAlongLine")
    # A marker at the beginning looks away from the line.
    return _on_line(node, *ends, turns=tuple(180.0 if end == "first" else 0.0 for end in ends))


def _at_ratios(node: Node) -> tuple[MarkerPlacement, ...]:
    names: list[str] = []
    for ratio in node.numbers("positionArray"):
        if ratio not in (0.0, 0.5, 1.0):
            node.warn(f"a marker at the share {ratio:g} of a line", "it stands at the middle", "positionArray")
        names.append("first" if ratio == 0.0 else "last" if ratio == 1.0 else "center")
    names = list(dict.fromkeys(names))
    flips = node.flag("flipFirst")
    return _on_line(node, *names, turns=tuple(180.0 if flips and name == "first" else 0.0 for name in names))


def _on_whole_line(node: Node) -> tuple[MarkerPlacement, ...]:
    relative = node.text("relativeTo", "LineMiddle")
    if node.number("startPointOffset"):
        node.warn("a marker some way along a line", "it stands where that way begins", "startPointOffset")
    if relative == "SegmentMidpoint":
        node.warn("markers in the middle of each segment", "one in the middle of the line is used", "relativeTo")
    return _on_line(node, {"LineBeginning": "first", "LineEnd": "last"}.get(relative, "center"))


def _on_vertices(node: Node) -> tuple[MarkerPlacement, ...]:
    if node.flag("placeOnRegularVertices", True):
        return _on_line(node, "vertex")
    return _on_line(node, "first", "last") if node.flag("placeOnEndPoints", True) else ()


# --- in and about polygons ---------------------------------------------------------------------------------------------


def _inside(node: Node) -> tuple[MarkerPlacement, ...]:
    across, down = node.number("stepX", _GRID_PT), node.number("stepY", _GRID_PT)
    if node.text("gridType", "Fixed") == "Random" and node.number("randomness", 100.0) > 0:
        node.warn("markers at chance places in a polygon", "an even grid is used", "gridType")
    if node.text("clipping", "ClipAtBoundary") not in ("ClipAtBoundary", ""):
        node.warn("markers whole at a polygon's edge", "they are cut there", "clipping")
    steps = max(abs(across), _FINEST_PT), max(abs(down), _FINEST_PT)
    return (MarkerPlacement("pattern", *steps, is_staggered=node.flag("shiftOddRows"), grid_deg=node.number("gridAngle")),)


def _center(node: Node) -> tuple[MarkerPlacement, ...]:
    return (MarkerPlacement("center", is_upright=True, dx_pt=node.number("offsetX"), dy_pt=node.number("offsetY")),)


def _around(node: Node) -> tuple[MarkerPlacement, ...]:
    node.warn(f"a marker beside a polygon ({node.text('position', 'Top')})", "it stands inside")
    return (MarkerPlacement("center", is_upright=True),)


_READERS: dict[str, Callable[[Node], tuple[MarkerPlacement, ...]]] = {
    f"CIMMarkerPlacement{name}": read
    for name, read in (
        ("AlongLineSameSize", _along),
        ("AlongLineRandomSize", _along),
        ("AlongLineVariableSize", _along),
        ("AlongLine", _along),
        ("AtExtremities", _at_extremities),
        ("AtRatioPositions", _at_ratios),
        ("Decorations", _at_ratios),
        ("OnLine", _on_whole_line),
        ("OnVertices", _on_vertices),
        ("InsidePolygon", _inside),
        ("PolygonCenter", _center),
        ("AroundPolygon", _around),
    )
}


def stand(marker: Node, layers: tuple[L, ...]) -> tuple[L, ...]:
    """Marker layers turned, moved and placed as a CIM marker says.  Offsets are not turned with the marker."""
    turn = marker.number("rotation") * (-1 if marker.flag("rotateClockwise") else 1)
    dx, dy = marker.number("offsetX"), marker.number("offsetY")
    turned = [replace(x, rotation_deg=x.rotation_deg + turn, dx_pt=x.dx_pt + dx, dy_pt=x.dy_pt + dy) for x in layers]
    return tuple(placement.of(layer) for placement in placements_of(marker) for layer in turned)
