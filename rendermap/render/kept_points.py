"""Point layers kept as places and looks, for `stamping`: which rules draw a feature is found out once, by Mapnik itself."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import SourceUnreadable
from rendermap.render.copy_store import copy_path, found_copy, kept_copy
from rendermap.render.engine import mapnik
from rendermap.render.kept_vectors import Kept, find_kept, kept_for
from rendermap.render.point_file import RECORD, write_points
from rendermap.render.shape_points import POINT_BYTES, read_point_shapes, write_point_shapes
from rendermap.render.theme_rules import DrawnRule, applies_all
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.symbols import Marker, Symbol, SymbolLayer

MOST_POINTS = 20_000_000
MOST_RULES = 512
MOST_RULES_THAT_ALL_APPLY = 24
"""A look is told by a colour, one bit of which is each rule's."""
SUFFIX = ".points"

_SHEET_POINTS = 512
_SHEET_STEP = 2
"""Pixels from one feature to the next; a dot of that size covers the pixel it stands in wholly, and none of its neighbours'."""
_TABLE_HEAD, _TABLE_COUNT, _TABLE_COUNT_AT = struct.Struct("<4xIHH"), struct.Struct("<I"), 4


@dataclass(frozen=True, slots=True)
class KeptPoints:
    """A layer whose features all look as one of a few symbols does, wherever they stand."""

    kept: Kept

    @property
    def rules(self) -> tuple[DrawnRule, ...]:
        """In Mapnik's order, by the kept columns."""
        return self.kept.layer.rules

    @property
    def all_apply(self) -> bool:
        """See `applies_all`."""
        return applies_all(self.kept.plan.style.theme)

    @property
    def essence(self) -> tuple[object, ...]:
        """What tells the file: styles that sort features alike share it."""
        return (SUFFIX, self.kept.essence, self.all_apply, tuple(rule.test for rule in self.rules))

    @property
    def file(self) -> Path:
        """Where the file will lie once it is there."""
        return copy_path(self.essence, SUFFIX, self.kept.plan.layer.source)

    def look_of(self, code: int) -> Symbol:
        """What is drawn of a feature whose look has this number."""
        numbers = (n for n in range(len(self.rules)) if code >> n & 1) if self.all_apply else (code - 1,)
        return Symbol(tuple(layer for number in numbers for layer in self.rules[number].symbol.layers))


def kept_points_for(plan: LayerPlan, crs: str) -> KeptPoints | None:
    """How a layer of points would be kept for maps in a CRS, None for one that Mapnik must draw."""
    facts = plan.layer.facts
    kept = kept_for(plan, crs) if isinstance(facts, VectorFacts) and facts.geometry is GeometryKind.POINT else None
    if kept is None or kept.layer.order:
        return None
    rules = kept.layer.rules
    most = MOST_RULES_THAT_ALL_APPLY if applies_all(plan.style.theme) else MOST_RULES
    levels = {layer.level for rule in rules for layer in rule.symbol.layers}
    return KeptPoints(kept) if len(rules) <= most and len(levels) == 1 and all(map(_looks_the_same, rules)) else None


def find_points(points: KeptPoints) -> Path | None:
    """The file of a layer, None when there is none."""
    return found_copy(points.essence, SUFFIX, points.kept.plan.layer.source)


def prepare_points(plan: LayerPlan, crs: str) -> Path | None:
    """Keep a layer of points whose features are kept already; None for any other.  Raises as `kept_copy`, and SourceUnreadable."""
    points = kept_points_for(plan, crs)
    shapes = find_kept(points.kept) if points else None
    if points is None or shapes is None or shapes.stat().st_size > MOST_POINTS * POINT_BYTES:
        return None
    try:
        return kept_copy(points.essence, SUFFIX, plan.layer.source, lambda file: _write(points, shapes, file))
    except RuntimeError as error:
        raise SourceUnreadable(reason=f"{shapes}: {error}") from error


def _looks_the_same(rule: DrawnRule) -> bool:
    return not rule.paints and not rule.turn and rule.geometry is None and all(map(_is_same, rule.symbol.layers))


def _is_same(layer: SymbolLayer) -> bool:
    """False for what depends on the feature, and for all that Mapnik rounds to whole pixels elsewhere than at their middle."""
    if not isinstance(layer, Marker) or layer.size_by or layer.rotation_by:
        return False
    is_circle = layer.path == CIRCLE and not (layer.stroke and (layer.stroke.dash_pt or layer.stroke.size_by))
    return is_circle or not (layer.rotation_deg or layer.dx_pt or layer.dy_pt)


def _write(points: KeptPoints, shapes: Path, file: Path) -> None:
    places = read_point_shapes(shapes)
    if places is None:
        raise SourceUnreadable(reason=f"{shapes}: not all points")
    codes = np.concatenate([*_looks(points, shapes.with_suffix(".dbf")), np.empty(0, np.uint32)])
    looks = np.array([code for code in np.unique(codes) if code and points.look_of(int(code)).layers], np.uint32)
    drawn = np.flatnonzero(np.isin(codes, looks))
    records = np.empty(len(drawn), RECORD)
    records["x"], records["y"] = places[drawn].T
    records["turn"] = drawn
    records["look"] = np.searchsorted(looks, codes[drawn])
    write_points(file, looks, records)


# --- which rules draw a feature ------------------------------------------------------------------------------------------


def _looks(points: KeptPoints, table: Path) -> Iterator[NDArray[np.uint32]]:
    """A number for each feature that tells the rules that draw it, 0 for none: a feature is a dot that each rule adds its colour to."""
    with tempfile.TemporaryDirectory() as room, table.open("rb") as rows:
        sheet = Path(room) / "sheet.shp"
        document = _document(points, sheet)
        head = bytearray(rows.read(_TABLE_HEAD.size))
        count, head_bytes, row_bytes = _TABLE_HEAD.unpack(head)
        head += rows.read(head_bytes - len(head))
        for first in range(0, count, _SHEET_POINTS**2):
            here = min(_SHEET_POINTS**2, count - first)
            _TABLE_COUNT.pack_into(head, _TABLE_COUNT_AT, here)
            sheet.with_suffix(".dbf").write_bytes(head + rows.read(here * row_bytes))
            rows_down, columns = np.divmod(np.arange(here), _SHEET_POINTS)
            write_point_shapes(sheet, np.stack([columns + 0.25, _SHEET_POINTS - rows_down - 0.25], axis=1))
            yield _colors(document)[:here]


def _document(points: KeptPoints, sheet: Path) -> str:
    root = Element("Map")
    style = SubElement(root, "Style", {"name": "looks", "filter-mode": "all" if points.all_apply else "first"})
    for number, rule in enumerate(points.rules):
        color = 1 << number if points.all_apply else number + 1
        element = SubElement(style, "Rule")
        if rule.test is not None:
            SubElement(element, "Filter").text = rule.test
        size = str(_SHEET_STEP)
        SubElement(element, "DotSymbolizer", {"fill": f"#{color:06x}", "width": size, "height": size, "comp-op": "plus"})
    layer = SubElement(root, "Layer", {"name": "sheet"})
    SubElement(layer, "StyleName").text = "looks"
    source = SubElement(layer, "Datasource")
    for name, value in (("type", "shape"), ("file", str(sheet)), ("encoding", "utf-8")):
        SubElement(source, "Parameter", name=name).text = value
    return tostring(root, encoding="unicode")


def _colors(document: str) -> NDArray[np.uint32]:
    side = _SHEET_POINTS * _SHEET_STEP
    drawn, image = mapnik.Map(side, side), mapnik.Image(side, side)
    mapnik.load_map_from_string(drawn, document)
    drawn.zoom_to_box(mapnik.Box2d(0, 0, _SHEET_POINTS, _SHEET_POINTS))
    mapnik.render(drawn, image)
    pixels = np.frombuffer(image.to_string(), np.uint8).reshape(side, side, 4)[::_SHEET_STEP, ::_SHEET_STEP].reshape(-1, 4)
    red, green, blue = np.moveaxis(pixels[:, :3].astype(np.uint32), 1, 0)
    codes: NDArray[np.uint32] = red << 16 | green << 8 | blue
    return codes
