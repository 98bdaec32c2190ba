"""SVG paths of any spelling -> paths as `Marker` has them."""

from __future__ import annotations

from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path

from rendermap.symbology.paths import Point

LONGEST_PATH = 20_000


class _Gatherer(BasePen):  # type: ignore[misc]
    """Gathers lines and cubic curves; y down, as SVG has it."""

    def __init__(self) -> None:
        super().__init__(None)
        self.steps: list[tuple[str, tuple[Point, ...]]] = []

    def _moveTo(self, pt: Point) -> None:  # noqa: N802
        self.steps.append(("M", (pt,)))

    def _lineTo(self, pt: Point) -> None:  # noqa: N802
        self.steps.append(("L", (pt,)))

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802
        self.steps.append(("C", (pt1, pt2, pt3)))

    def _closePath(self) -> None:  # noqa: N802
        self.steps.append(("Z", ()))


def fitted(path: str) -> str:
    """The path moved and resized so that its longer side is 1 and its middle the origin; empty for what is no path."""
    pen = _Gatherer()
    if len(path) > LONGEST_PATH:
        return ""
    try:
        parse_path(path, pen)
    # The parser raises nearly everything at text that is no path.
    except Exception:
        return ""
    points = [point for _, part in pen.steps for point in part]
    if not points:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    side, middle = max(max(xs) - min(xs), max(ys) - min(ys)), ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    if not 0 < side < 1e9:
        return ""
    return "".join(
        command + " ".join(f"{(x - middle[0]) / side:.4f} {(y - middle[1]) / side:.4f}" for x, y in part) for command, part in pen.steps
    )
