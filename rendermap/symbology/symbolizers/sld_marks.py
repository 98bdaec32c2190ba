"""The shapes that SLD and SE marks name: the well known ones, those of GeoServer and QGIS, geometries in text, and SVG inside."""

from __future__ import annotations

import re

from rendermap.symbology import paths, shapes
from rendermap.symbology.document import to_number
from rendermap.symbology.fonts import substitute_for
from rendermap.symbology.symbolizers.marker.characters import sign_of
from rendermap.symbology.xml_document import XmlNode

PLUS_SHAPE = (
    "M-0.125 -0.5L0.125 -0.5L0.125 -0.125L0.5 -0.125L0.5 0.125L0.125 0.125"
    "L0.125 0.5L-0.125 0.5L-0.125 0.125L-0.5 0.125L-0.5 -0.125L-0.125 -0.125Z"
)
TIMES_SHAPE = (
    "M-0.5 -0.3232L-0.3232 -0.5L0 -0.1768L0.3232 -0.5L0.5 -0.3232L0.1768 0"
    "L0.5 0.3232L0.3232 0.5L0 0.1768L-0.3232 0.5L-0.5 0.3232L-0.1768 0Z"
)
VERTICAL, HORIZONTAL = "M0 -0.5L0 0.5", "M-0.5 0L0.5 0"
SLASH, BACKSLASH = "M-0.5 0.5L0.5 -0.5", "M-0.5 -0.5L0.5 0.5"
OPEN_ARROW, CLOSED_ARROW = "M-0.5 -0.2L0 0L-0.5 0.2", "M-0.5 -0.2L0 0L-0.5 0.2Z"
SOLID_ARROW = "M0 -0.5L0.5 0L0.25 0L0.25 0.5L-0.25 0.5L-0.25 0L-0.5 0Z"

FILLED = {
    "square": shapes.SQUARE,
    "rectangle": shapes.SQUARE,
    "circle": shapes.CIRCLE,
    "triangle": shapes.TRIANGLE,
    "star": shapes.STAR,
    "diamond": shapes.DIAMOND,
    "pentagon": shapes.PENTAGON,
    "hexagon": shapes.HEXAGON,
    "octagon": shapes.OCTAGON,
    "equilateral_triangle": shapes.TRIANGLE,
    "regular_star": shapes.STAR,
    "cross_fill": PLUS_SHAPE,
    "arrow": SOLID_ARROW,
    "filled_arrowhead": "M0 0L-0.5 -0.5L-0.5 0.5Z",
    "shape://carrow": CLOSED_ARROW,
    "shape://triangle": shapes.TRIANGLE,
    "extshape://triangle": shapes.TRIANGLE,
    "extshape://arrow": SOLID_ARROW,
}
OPEN = {
    "shape://vertline": VERTICAL,
    "shape://horline": HORIZONTAL,
    "shape://slash": SLASH,
    "shape://backslash": BACKSLASH,
    "shape://plus": shapes.CROSS,
    "shape://times": shapes.X,
    "shape://oarrow": OPEN_ARROW,
    "vertline": VERTICAL,
    "horline": HORIZONTAL,
    "slash": SLASH,
    "backslash": BACKSLASH,
    "line": VERTICAL,
    "cross2": shapes.X,
    "arrowhead": "M-0.5 -0.5L0 0L-0.5 0.5",
}
_EITHER = {"cross": (PLUS_SHAPE, shapes.CROSS), "x": (TIMES_SHAPE, shapes.X)}
DOT = "shape://dot"
_SIGN = re.compile(r"ttf://(?P<font>[^#]{1,200})#(?P<code>0x[0-9a-fA-F]{1,6}|[uU]\+[0-9a-fA-F]{1,6}|\\u[0-9a-fA-F]{1,6}|[0-9]{1,7})")
_PART = re.compile(r"\(([^()]*)\)")
_LONGEST_WKT = 20_000


def name_for(path: str, *, has_fill: bool) -> str:
    """The name under which a shape is read back; a text geometry where it has straight lines only; empty where it has neither."""
    tables = (FILLED, {name: filled for name, (filled, _) in _EITHER.items()}) if has_fill else (FILLED, OPEN)
    named = next((name for table in tables for name, known in table.items() if known == path), "")
    return named or _wkt_name(path, has_fill)


def _wkt_name(path: str, has_fill: bool) -> str:
    """The path as a geometry with y up, when that is read back as the very same path."""
    is_open = not path.endswith("Z")
    if is_open and has_fill:
        return ""
    parts = []
    for piece in path.removeprefix("M").split("M"):
        points = [point.split() for point in piece.removesuffix("Z").split("L")]
        if any(len(point) != 2 or any(to_number(n) is None for n in point) for point in points):
            return ""
        ring = points if is_open else [*points, points[0]]
        parts.append("(" + ", ".join(f"{x} {spell(-float(y))}" for x, y in ring) + ")")
    geometry = f"{'MULTILINESTRING' if is_open else 'POLYGON'}({', '.join(parts)})"
    return f"wkt://{geometry}" if _wkt_path(geometry) == (path, is_open) else ""


def name_of(mark: XmlNode) -> str:
    """The well known name, lower case but for what follows ``://``, also of a font's sign by its number; a square without one."""
    node, other, index = mark.child("WellKnownName"), mark.child("OnlineResource"), mark.child("MarkIndex")
    text = node.whole_text if node else ""
    if not text and other is not None:
        text = other.attribute("href") + (f"#{index.text}" if index is not None else "")
    head, colon, rest = text.partition("://")
    return f"{head.lower()}{colon}{rest}" if text else "square"


def path_of(mark: XmlNode) -> tuple[str, bool]:
    """(the shape as a path, whether it has no inside); a square, with a note, for what is not known."""
    name = name_of(mark) if mark.child("WellKnownName") or not mark.child("InlineContent") else ""
    if name in _EITHER:
        is_open = mark.child("Fill") is None
        return _EITHER[name][is_open], is_open
    for table, is_open in ((FILLED, False), (OPEN, True)):
        if name in table:
            return table[name], is_open
    sign = _SIGN.fullmatch(name)
    if sign is not None:
        return _sign_path(mark, sign["font"].strip(), _code(sign["code"]))
    found = _wkt_path(name.removeprefix("wkt://")) if name.startswith("wkt://") else _inline_path(mark)
    if found is not None:
        return found
    mark.warn(f"the mark {name[:60]!r}" if name else "a mark of another document", "a square is used")
    return shapes.SQUARE, False


def _code(text: str) -> int:
    """The number of a character: hexadecimal after ``0x``, ``U+`` and ``\\u``, octal after a zero."""
    if text[:2].lower() in ("0x", "u+", "\\u"):
        return int(text[2:], 16)
    is_octal = len(text) > 1 and text.startswith("0") and not {"8", "9"} & set(text)
    return int(text, 8 if is_octal else 10)


def _sign_path(mark: XmlNode, font: str, code: int) -> tuple[str, bool]:
    """A font's sign, as high or as wide as the mark, whichever is more."""
    sign = sign_of(font, code)
    if substitute_for(font) != (font, True):
        mark.warn(f"the sign {code:#x} of the font {font[:60]!r}", sign.told)
    left, top, right, bottom = paths.box_of(sign.path)
    side = max(right - left, bottom - top) or 1.0
    return paths.stretch_path(sign.path, 1 / side, 1 / side), not sign.is_filled


def _wkt_path(text: str) -> tuple[str, bool] | None:
    """A geometry in a box of side 1 about the origin, y up; None where it is none of straight lines."""
    kind = text.partition("(")[0].strip().upper()
    if kind not in ("LINESTRING", "MULTILINESTRING", "POLYGON", "MULTIPOLYGON") or len(text) > _LONGEST_WKT:
        return None
    is_open = "LINE" in kind
    parts = [_points(part) for part in _PART.findall(text)]
    if not parts or not all(parts):
        return None
    return "".join(_drawn(part, is_open) for part in parts if part), is_open


def _points(text: str) -> list[tuple[float, float]] | None:
    found = []
    for pair in text.split(","):
        numbers = [to_number(part) for part in pair.split()]
        if len(numbers) != 2 or numbers[0] is None or numbers[1] is None or max(abs(numbers[0]), abs(numbers[1])) > 10:
            return None
        found.append((numbers[0], numbers[1]))
    return found


def _drawn(points: list[tuple[float, float]], is_open: bool) -> str:
    ring = points[:-1] if not is_open and len(points) > 1 and points[0] == points[-1] else points
    steps = "L".join(f"{spell(x)} {spell(-y)}" for x, y in ring)
    return f"M{steps}{'' if is_open else 'Z'}"


def spell(value: float) -> str:
    """A coordinate of a path."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _inline_path(mark: XmlNode) -> tuple[str, bool] | None:
    """A path that `Marker.path` allows, as an SVG of one path inside the mark."""
    path = mark.path("InlineContent", "svg", "path")
    drawn = path.attribute("d") if path else ""
    if not drawn or len(drawn) > _LONGEST_WKT or not paths.is_path(drawn) or paths.reach_of(drawn) > 10:
        return None
    return drawn, mark.child("Fill") is None
