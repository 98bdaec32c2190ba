"""What all QGIS markers share: where they are anchored, how they are moved, turned and sized."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeVar

from rendermap.symbology.qgis.properties import Properties
from rendermap.symbology.symbols import PointLayer, SizeBy

Layer = TypeVar("Layer", bound=PointLayer)

_HALVES = {"0": 1.0, "1": 0.0, "2": -1.0, "left": 1.0, "right": -1.0, "top": 1.0, "bottom": -1.0}


def turned_marker(
    marker: Layer, properties: Properties, shares: tuple[float, float], drawn: tuple[str, ...], *, side_pt: float = 0.0
) -> Layer:
    """The marker moved, turned and sized as its properties say.

    shares: width and height as shares of side_pt, the marker's size where that is 0.  drawn: the overrides that count.
    """
    side = side_pt or getattr(marker, "size_pt", 0.0)
    unit = properties.unit_pt("size_unit")
    angle, by_angle = properties.number("angle"), properties.overrides.get("angle")
    turn_by = by_angle.value() if by_angle else None
    if turn_by is not None:
        angle = 0.0
    dx, dy = _moved(properties, side * shares[0] / 2, side * shares[1] / 2)
    if turn_by is not None and (dx or dy):
        properties.node.warn("an offset that turns with the feature", "it stays as it is")
    right, up = _rotated(dx, dy, -angle)
    properties.warn_overrides(*drawn)
    return replace(
        marker,
        rotation_deg=-angle % 360.0 if angle else 0.0,
        dx_pt=round(right, 4),
        dy_pt=round(up, 4),
        rotation_by=turn_by,
        rotation_clockwise=turn_by is not None,
        size_by=_size_by(properties, side, unit) if "size" in drawn else None,
    )


def _size_by(properties: Properties, side: float, unit: float) -> SizeBy | None:
    override = properties.overrides.get("size")
    by_area = properties.text("scale_method", default="diameter") == "area"
    return override.size_by(side, unit, by_area=by_area) if override else None


def _moved(properties: Properties, half_width: float, half_height: float) -> tuple[float, float]:
    """(right, up): the offset, and the marker's edge at its point where it is anchored there."""
    dx, dy = properties.offset()
    across = _HALVES.get(properties.text("horizontal_anchor_point", default="1"), 0.0)
    down = _HALVES.get(properties.text("vertical_anchor_point", default="1"), 0.0)
    return dx + across * half_width, dy - down * half_height


def _rotated(dx: float, dy: float, degrees: float) -> tuple[float, float]:
    turn = math.radians(degrees)
    return dx * math.cos(turn) - dy * math.sin(turn), dx * math.sin(turn) + dy * math.cos(turn)
