"""Geometries of Esri's symbols (y up) -> SVG paths, their boxes and their points."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rendermap.limits import OUTLINE_POINTS
from rendermap.symbology.document import Node, to_number
from rendermap.symbology.paths import Point, spelled

Transform = Callable[[Point], Point]


def bounds_of(geometry: Node) -> tuple[float, float, float, float] | None:
    """(xmin, ymin, xmax, ymax) of an Esri geometry, curves by their points and circles whole; None when it is empty."""
    points: list[Point] = []
    _draw(geometry, lambda p: (points.append(p), p)[1])  # type: ignore[func-returns-value]
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def points_of(geometry: Node) -> tuple[Point, ...]:
    """The places of a point or a multipoint of Esri JSON; the middle of any other geometry."""
    if geometry.has("x"):
        return ((geometry.number("x"), geometry.number("y")),)
    if geometry.has("points"):
        listed = geometry.get("points")
        if not isinstance(listed, list):
            raise geometry.wrong("points", "a list")
        if len(listed) > OUTLINE_POINTS.value:
            raise geometry.beyond("points", OUTLINE_POINTS, len(listed))
        return tuple(_point(geometry, "points", point) for point in listed)
    box = bounds_of(geometry)
    return (((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),) if box else ()


def path_of(geometry: Node, center: Point, unit: float) -> str:
    """An Esri geometry (rings, paths, curves; y up) as a path, center becoming the origin and unit the side 1.

    Raises StyleInvalid when it is no geometry.
    """
    return _draw(geometry, lambda p: ((p[0] - center[0]) / unit, (center[1] - p[1]) / unit), unit)


def circle_of(geometry: Node) -> tuple[Point, float] | None:
    """(centre, radius) when the geometry is one full circle."""
    rings = geometry.get("curveRings")
    match rings:
        case [[[x, y], {"a": [[ex, ey], [cx, cy], *_]}]]:
            numbers = [to_number(v) for v in (x, y, ex, ey, cx, cy)]
            if any(n is None for n in numbers):
                return None
            sx, sy, tx, ty, mx, my = (n or 0.0 for n in numbers)
            radius = math.hypot(sx - mx, sy - my)
            return ((mx, my), radius) if math.hypot(sx - tx, sy - ty) < 1e-6 * max(radius, 1e-9) else None
    return None


def _draw(geometry: Node, transform: Transform, unit: float = 1.0) -> str:
    pieces: list[str] = []
    count = 0
    if geometry.has("xmin"):
        pieces.append(_part(geometry, "xmin", _corners(geometry), True, transform, unit))
    for key, closed in (("rings", True), ("curveRings", True), ("paths", False), ("curvePaths", False)):
        found = geometry.get(key)
        if found is None:
            continue
        if not isinstance(found, list) or not all(isinstance(part, list) for part in found):
            raise geometry.wrong(key, "lists of points")
        count += sum(len(part) for part in found)
        if count > OUTLINE_POINTS.value:
            raise geometry.beyond(key, OUTLINE_POINTS, count)
        pieces += [_part(geometry, key, part, closed, transform, unit) for part in found if part]
    return "".join(pieces)


def _corners(envelope: Node) -> list[Any]:
    x0, y0, x1, y1 = (envelope.number(key) for key in ("xmin", "ymin", "xmax", "ymax"))
    return [[x0, y0], [x0, y1], [x1, y1], [x1, y0]]


def _part(node: Node, key: str, part: list[Any], closed: bool, transform: Transform, unit: float) -> str:
    here = _point(node, key, part[0])
    pieces = [_to("M", transform(here))]
    for item in part[1:]:
        if isinstance(item, dict):
            piece, here = _curve(node, key, item, here, transform, unit)
            pieces.append(piece)
        else:
            here = _point(node, key, item)
            pieces.append(_to("L", transform(here)))
    return "".join(pieces) + ("Z" if closed else "")


def _point(node: Node, key: str, value: object) -> Point:
    if isinstance(value, list) and len(value) >= 2:
        x, y = to_number(value[0]), to_number(value[1])
        if x is not None and y is not None:
            return x, y
    raise node.wrong(key, "points of two numbers")


def _to(command: str, *points: Point) -> str:
    return command + " ".join(f"{spelled(x)} {spelled(y)}" for x, y in points)


def _curve(node: Node, key: str, item: dict[str, Any], start: Point, transform: Transform, unit: float) -> tuple[str, Point]:
    """A curve object of Esri JSON: ``b`` Bezier, ``c`` circle through a point, ``a`` arc about a centre."""
    for kind, draw in (("b", _bezier), ("c", _through), ("a", _arc)):
        values = item.get(kind)
        if isinstance(values, list) and len(values) >= 2:
            return draw(node, key, values, start, transform, unit)
    raise node.wrong(key, "a curve of the kinds a, b or c")


def _bezier(node: Node, key: str, values: list[Any], start: Point, transform: Transform, unit: float) -> tuple[str, Point]:
    if len(values) < 3:
        raise node.wrong(key, "a Bezier curve of three points")
    end, one, two = (_point(node, key, v) for v in values[:3])
    return _to("C", transform(one), transform(two), transform(end)), end


def _through(node: Node, key: str, values: list[Any], start: Point, transform: Transform, unit: float) -> tuple[str, Point]:
    end, inner = _point(node, key, values[0]), _point(node, key, values[1])
    (ax, ay), (bx, by), (cx, cy) = start, inner, end
    cross = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if abs(cross) < 1e-12:
        return _to("L", transform(inner)) + _to("L", transform(end)), end
    a2, b2, c2 = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    d = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    center = (a2 * (by - cy) + b2 * (cy - ay) + c2 * (ay - by)) / d, (a2 * (cx - bx) + b2 * (ax - cx) + c2 * (bx - ax)) / d
    radius = math.hypot(ax - center[0], ay - center[1])
    middle_side = (cx - ax) * (center[1] - ay) - (cy - ay) * (center[0] - ax)
    inner_side = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)
    return _svg_arc(radius, radius, 0.0, middle_side * inner_side > 0, cross < 0, end, transform, unit), end


def _arc(node: Node, key: str, values: list[Any], start: Point, transform: Transform, unit: float) -> tuple[str, Point]:
    end, center = _point(node, key, values[0]), _point(node, key, values[1])
    rest = [to_number(int(v) if isinstance(v, bool) else v) or 0.0 for v in values[2:7]] + [0.0] * 5
    minor, clockwise = bool(rest[0]), bool(rest[1])
    rx = ry = math.hypot(start[0] - center[0], start[1] - center[1])
    turn = 0.0
    if len(values) >= 7 and rest[3] > 0 and rest[4] > 0:
        rx, ry, turn = rest[3], rest[3] * rest[4], -math.degrees(rest[2])
    if rx <= 0:
        return _to("L", transform(end)), end
    if math.hypot(start[0] - end[0], start[1] - end[1]) < 1e-6 * rx:
        far = 2 * center[0] - start[0], 2 * center[1] - start[1]
        for corner in ((center[0] - rx, center[1] - rx), (center[0] + rx, center[1] + rx)):
            transform(corner)
        half = _svg_arc(rx, ry, turn, True, clockwise, far, transform, unit)
        return half + _svg_arc(rx, ry, turn, True, clockwise, end, transform, unit), end
    return _svg_arc(rx, ry, turn, not minor, clockwise, end, transform, unit), end


def _svg_arc(rx: float, ry: float, turn: float, large: bool, clockwise: bool, end: Point, transform: Transform, unit: float) -> str:
    x, y = transform(end)
    return f"A{spelled(rx / unit)} {spelled(ry / unit)} {spelled(turn)} {int(large)} {int(clockwise)} {spelled(x)} {spelled(y)}"
