"""Marker shapes as SVG paths in a box of side 1 about the origin, y down."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from rendermap.limits import OUTLINE_POINTS
from rendermap.symbology.document import Node, to_number

CIRCLE = "M0.5 0A0.5 0.5 0 1 1 -0.5 0A0.5 0.5 0 1 1 0.5 0Z"
SQUARE = "M-0.5 -0.5L0.5 -0.5L0.5 0.5L-0.5 0.5Z"
DIAMOND = "M0 -0.5L0.5 0L0 0.5L-0.5 0Z"
TRIANGLE = "M0 -0.5L0.5 0.5L-0.5 0.5Z"
CROSS = "M-0.5 0L0.5 0M0 -0.5L0 0.5"
X = "M-0.5 -0.5L0.5 0.5M-0.5 0.5L0.5 -0.5"
PENTAGON = "M0 -0.5L0.4755 -0.1545L0.2939 0.4045L-0.2939 0.4045L-0.4755 -0.1545Z"
HEXAGON = "M-0.5 0L-0.25 -0.433L0.25 -0.433L0.5 0L0.25 0.433L-0.25 0.433Z"
OCTAGON = "M-0.5 -0.2071L-0.2071 -0.5L0.2071 -0.5L0.5 -0.2071L0.5 0.2071L0.2071 0.5L-0.2071 0.5L-0.5 0.2071Z"
STAR = (
    "M0 -0.5L0.1123 -0.1545L0.4755 -0.1545L0.1816 0.059L0.2939 0.4045L0 0.191L-0.2939 0.4045L-0.1816 0.059L-0.4755 -0.1545L-0.1123 -0.1545Z"
)
ARROW = "M0.5 0L-0.5 -0.33L-0.5 0.33Z"
EQUILATERAL_TRIANGLE = "M0 -0.5L0.433 0.25L-0.433 0.25Z"
LEFT_HALF_TRIANGLE = "M0 -0.5L0.5 0.5L0 0.5Z"
RIGHT_HALF_TRIANGLE = "M0 -0.5L0 0.5L-0.5 0.5Z"
QUARTER_SQUARE = "M-0.5 -0.5L0 -0.5L0 0L-0.5 0Z"
HALF_SQUARE = "M-0.5 -0.5L0 -0.5L0 0.5L-0.5 0.5Z"
DIAGONAL_HALF_SQUARE = "M-0.5 -0.5L0.5 0.5L-0.5 0.5Z"
CUT_SQUARE = "M-0.3036 -0.5L0.3036 -0.5L0.5 -0.3036L0.5 0.3036L0.3036 0.5L-0.3036 0.5L-0.5 0.3036L-0.5 -0.3036Z"
ROUNDED_SQUARE = (
    "M-0.25 -0.5L0.25 -0.5A0.25 0.25 0 0 1 0.5 -0.25L0.5 0.25A0.25 0.25 0 0 1 0.25 0.5L-0.25 0.5A0.25 0.25 0 0 1 -0.5 0.25"
    "L-0.5 -0.25A0.25 0.25 0 0 1 -0.25 -0.5Z"
)
TRAPEZOID = "M-0.25 -0.25L0.25 -0.25L0.5 0.25L-0.5 0.25Z"
PARALLELOGRAM_RIGHT = "M-0.25 -0.25L0.5 -0.25L0.25 0.25L-0.5 0.25Z"
PARALLELOGRAM_LEFT = "M-0.5 -0.25L0.25 -0.25L0.5 0.25L-0.25 0.25Z"
SHIELD = "M-0.5 -0.5L0.5 -0.5L0.5 0.25L0 0.5L-0.5 0.25Z"
POINTED_HEXAGON = "M0 -0.5L0.433 -0.25L0.433 0.25L0 0.5L-0.433 0.25L-0.433 -0.25Z"
DECAGON = (
    "M0 -0.5L0.2939 -0.4045L0.4755 -0.1545L0.4755 0.1545L0.2939 0.4045L0 0.5L-0.2939 0.4045L-0.4755 0.1545L-0.4755 -0.1545L-0.2939 -0.4045Z"
)
DIAMOND_STAR = "M0 -0.5L0.1351 -0.1351L0.5 0L0.1351 0.1351L0 0.5L-0.1351 0.1351L-0.5 0L-0.1351 -0.1351Z"
HEART = (
    "M0 -0.25C0 -0.4 -0.1 -0.5 -0.25 -0.5C-0.4 -0.5 -0.5 -0.4 -0.5 -0.2C-0.5 0.1 -0.2 0.25 0 0.5C0.2 0.25 0.5 0.1 0.5 -0.2"
    "C0.5 -0.4 0.4 -0.5 0.25 -0.5C0.1 -0.5 0 -0.4 0 -0.25Z"
)
NORTH_ARROW = "M0 -0.5L0.25 -0.25L0.125 -0.25L0.125 0.5L-0.125 0.5L-0.125 -0.25L-0.25 -0.25Z"
FILLED_CROSS = "M-0.5 -0.1L-0.1 -0.1L-0.1 -0.5L0.1 -0.5L0.1 -0.1L0.5 -0.1L0.5 0.1L0.1 0.1L0.1 0.5L-0.1 0.5L-0.1 0.1L-0.5 0.1Z"
FILLED_ASTERISK = (
    "M-0.075 -0.5L0.075 -0.5L0.075 -0.1811L0.3005 -0.4066L0.4066 -0.3005L0.1811 -0.075L0.5 -0.075L0.5 0.075L0.1811 0.075"
    "L0.4066 0.3005L0.3005 0.4066L0.075 0.1811L0.075 0.5L-0.075 0.5L0.075 0.5L-0.075 0.5L-0.075 0.1811L-0.3005 0.4066"
    "L-0.4066 0.3005L-0.1811 0.075L-0.5 0.075L-0.5 -0.075L-0.1811 -0.075L-0.4066 -0.3005L-0.3005 -0.4066L-0.075 -0.1811"
    "L-0.075 -0.5L0.075 -0.5Z"
)
ARROWHEAD = "M-0.5 -0.5L0 0L-0.5 0.5"
FILLED_ARROWHEAD = "M0 0L-0.5 0.5L-0.5 -0.5Z"
HALF_CIRCLE = "M0 0L0.5 0A0.5 0.5 0 0 0 -0.5 0Z"
THIRD_CIRCLE = "M0 0L0 -0.5A0.5 0.5 0 0 0 -0.433 0.25Z"
QUARTER_CIRCLE = "M0 0L0 -0.5A0.5 0.5 0 0 0 -0.5 0Z"
HALF_ARC = "M0.5 0A0.5 0.5 0 0 0 -0.5 0"
THIRD_ARC = "M0 -0.5A0.5 0.5 0 0 0 -0.433 0.25"
QUARTER_ARC = "M0 -0.5A0.5 0.5 0 0 0 -0.5 0"
UPRIGHT = "M0 -0.5L0 0.5"

Point = tuple[float, float]
Transform = Callable[[Point], Point]
_CHORDS = 12
_NUMBERS = {"M": 2, "L": 2, "C": 6, "A": 7, "Z": 0}


def scale_path(path: str, factor: float) -> str:
    """The path made larger about the origin."""
    pieces = []
    for command, numbers in _commands(path):
        # An arc's rotation and its two flags are no lengths.
        kept = {2, 3, 4} if command == "A" else set()
        pieces.append(command + " ".join(_spell(n if i in kept else n * factor) for i, n in enumerate(numbers)))
    return "".join(pieces)


def stretch_path(path: str, width: float, height: float) -> str:
    """The path made wider and higher about the origin; arcs must lie along the axes."""
    pieces = []
    for command, numbers in _commands(path):
        if command == "A":
            rx, ry, turn, large, sweep, x, y = numbers
            numbers = [rx * width, ry * height, turn, large, sweep, x * width, y * height]
        else:
            numbers = [n * (height if i % 2 else width) for i, n in enumerate(numbers)]
        pieces.append(command + " ".join(_spell(n) for n in numbers))
    return "".join(pieces)


def move_path(path: str, dx: float, dy: float) -> str:
    """The path moved right and down."""
    pieces = []
    for command, numbers in _commands(path):
        first = 5 if command == "A" else 0
        moved = [n if i < first else n + (dy if (i - first) % 2 else dx) for i, n in enumerate(numbers)]
        pieces.append(command + " ".join(_spell(n) for n in moved))
    return "".join(pieces)


def reach_of(path: str) -> float:
    """Half the side of a square about the origin that holds the path."""
    return max((abs(n) for command, numbers in _commands(path) for n in (numbers[-2:] if command == "A" else numbers)), default=0.5) + (
        max((max(numbers[:2]) for command, numbers in _commands(path) if command == "A"), default=0.0)
    )


def box_of(path: str) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of a path's points, arcs by theirs and curves with their handles."""
    points = [p for command, n in _commands(path) for p in _pairs(n[-2:] if command == "A" else n)]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    return min(xs), min(ys), max(xs), max(ys)


def _pairs(numbers: list[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def flattened(path: str) -> Iterator[tuple[list[Point], bool]]:
    """(points, is closed) of each part of a path, curves by chords."""
    points: list[Point] = []
    for command, numbers in _commands(path):
        if command == "M" and points:
            yield points, False
        if command == "Z":
            yield points, True
            points = points[:1]
        elif command == "M":
            points = [(numbers[0], numbers[1])]
        else:
            points += _chords(points[-1] if points else (0.0, 0.0), command, numbers)
    if len(points) > 1:
        yield points, False


def _chords(start: Point, command: str, numbers: list[float]) -> list[Point]:
    end = (numbers[-2], numbers[-1])
    if command == "L":
        return [end]
    if command == "C":
        return [_on_bezier(start, numbers, i / _CHORDS) for i in range(1, _CHORDS + 1)]
    return [*_on_arc(start, numbers), end]


def _on_bezier(start: Point, numbers: list[float], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    xs, ys = (start[0], *numbers[0::2]), (start[1], *numbers[1::2])
    return sum(w * x for w, x in zip(weights, xs, strict=True)), sum(w * y for w, y in zip(weights, ys, strict=True))


def _on_arc(start: Point, numbers: list[float]) -> list[Point]:
    """Points between the ends of an arc.  Spec: SVG 1.1, F.6.5 conversion from endpoint to center parameterization."""
    rx, ry, turn, large, sweep, x, y = numbers
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = (start[0] - x) / 2, (start[1] - y) / 2
    if rx <= 0 or ry <= 0 or not (dx or dy):
        return []
    u, v = (cos * dx + sin * dy) / rx, (cos * dy - sin * dx) / ry
    grown = max(math.hypot(u, v), 1.0)
    rx, ry, u, v = rx * grown, ry * grown, u / grown, v / grown
    side = math.sqrt(max(1 / (u * u + v * v) - 1, 0.0)) * (-1 if bool(large) == bool(sweep) else 1)
    cu, cv = side * v, -side * u
    first, last = math.atan2(v - cv, u - cu), math.atan2(-v - cv, -u - cu)
    span = (last - first) % (2 * math.pi) if sweep else -((first - last) % (2 * math.pi))
    middle = ((start[0] + x) / 2, (start[1] + y) / 2)
    points = []
    for i in range(1, 2 * _CHORDS):
        angle = first + span * i / (2 * _CHORDS)
        a, b = rx * (math.cos(angle) + cu), ry * (math.sin(angle) + cv)
        points.append((cos * a - sin * b + middle[0], sin * a + cos * b + middle[1]))
    return points


def is_path(path: str) -> bool:
    """True for the commands that `Marker.path` allows, and nothing else."""
    try:
        return path.startswith("M") and sum(1 for _ in _commands(path)) > 0
    except ValueError:
        return False


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """(command, numbers); raises ValueError at anything else."""
    i = 0
    while i < len(path):
        command = path[i]
        if command not in _NUMBERS:
            raise ValueError(f"no such path command: {command!r}")
        end = i + 1
        while end < len(path) and path[end] not in _NUMBERS:
            end += 1
        numbers = [float(n) for n in path[i + 1 : end].replace(",", " ").split()]
        if len(numbers) != _NUMBERS[command]:
            raise ValueError(f"{command} takes {_NUMBERS[command]} numbers")
        yield command, numbers
        i = end


def _spell(value: float) -> str:
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


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
    return command + " ".join(f"{_spell(x)} {_spell(y)}" for x, y in points)


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
    return f"A{_spell(rx / unit)} {_spell(ry / unit)} {_spell(turn)} {int(large)} {int(clockwise)} {_spell(x)} {_spell(y)}"
