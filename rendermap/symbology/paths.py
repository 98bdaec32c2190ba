"""SVG paths of the commands M, L, C, A and Z, each with its numbers: made larger, moved, measured, and cut into chords."""

from __future__ import annotations

import math
from collections.abc import Iterator

Point = tuple[float, float]
_CHORDS = 12
_NUMBERS = {"M": 2, "L": 2, "C": 6, "A": 7, "Z": 0}


def scale_path(path: str, factor: float) -> str:
    """The path made larger about the origin."""
    pieces = []
    for command, numbers in _commands(path):
        # An arc's rotation and its two flags are no lengths.
        kept = {2, 3, 4} if command == "A" else set()
        pieces.append(command + " ".join(spelled(n if i in kept else n * factor) for i, n in enumerate(numbers)))
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
        pieces.append(command + " ".join(spelled(n) for n in numbers))
    return "".join(pieces)


def move_path(path: str, dx: float, dy: float) -> str:
    """The path moved right and down."""
    pieces = []
    for command, numbers in _commands(path):
        first = 5 if command == "A" else 0
        moved = [n if i < first else n + (dy if (i - first) % 2 else dx) for i, n in enumerate(numbers)]
        pieces.append(command + " ".join(spelled(n) for n in moved))
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


def spelled(value: float) -> str:
    """A number as paths have it."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
