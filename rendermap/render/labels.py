"""The label pass: all labels of a map together, above all its layers, so that none stands on another.

Tiles are cut from blocks, larger squares of the map's lattice.  What stands in a block depends on nothing but the block, and no label
crosses its edge, so tiles fit together whichever worker draws them, in whatever order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import InvalidExpression, RenderFailed, StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.lattice import Frame, Lattice, blocks_of, comes_near, is_tile_like, whole_frame
from rendermap.geo.view import MapView
from rendermap.render.blocks import Blocks
from rendermap.render.engine import mapnik
from rendermap.render.label_classes import shown_by
from rendermap.render.label_features import read_features
from rendermap.render.label_lines import on_line
from rendermap.render.label_markers import Markers
from rendermap.render.label_places import Label, Room, Wanted, at_point, in_polygon, parts_of, room_of
from rendermap.render.label_reach import Reach, marker_reach
from rendermap.render.label_values import label_values, passing
from rendermap.render.label_xml import ClassLabels, class_order, is_boxed, label_map
from rendermap.render.text_size import text_size
from rendermap.symbology.expressions.evaluate import Row
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.template import label_reach_pt

Pixels = NDArray[np.uint8]

BLOCKS_BYTES = 96 << 20
"""Of blocks that a worker keeps; those without a label cost nothing."""

_LEAST_PX = 16
_VERY_MANY, _CELL_PX = 8000, 12.0
_DIMENSIONS = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}


BLOCKS = Blocks(BLOCKS_BYTES)


def draw_labels(layers: Sequence[LayerPlan], view: MapView, lattice: Lattice, clip_deg: BBox | None = None) -> Pixels | None:
    """The labels of a map: (height, width, 4) uint8, straight alpha; None where there are none.

    layers: bottom first.  lattice: the view's.  clip_deg: features outside it have none.
    Raises SourceUnreadable, StyleInvalid, RenderFailed.
    """
    labelled = [plan for plan in layers if plan.style.labels and isinstance(plan.layer.facts, VectorFacts)]
    if not is_tile_like(view):
        return draw_frame(labelled, whole_frame(view), clip_deg)
    picture: Pixels | None = None
    for block in blocks_of(view, lattice):
        near = [plan for plan in labelled if _is_near(plan, block.frame)]
        pixels = _block(near, block.frame, clip_deg) if near else None
        if pixels is not None:
            picture = np.zeros((view.height_px, view.width_px, 4), np.uint8) if picture is None else picture
            _paste(picture, pixels, block.left_px, block.top_px)
    return picture


def _block(layers: Sequence[LayerPlan], frame: Frame, clip_deg: BBox | None) -> Pixels | None:
    """The labels of a block, None where it has none."""
    key = (frame, clip_deg, *((p.layer.source, p.layer.reader, p.layer.encoding, p.crs, p.style_key) for p in layers))
    return BLOCKS.get(key, lambda: draw_frame(layers, frame, clip_deg))


def _paste(picture: Pixels, block: Pixels, left: int, top: int) -> None:
    """left, top: of the block, seen from the picture's corner."""
    height, width = picture.shape[:2]
    x, y = max(left, 0), max(top, 0)
    part = block[y - top : height - top, x - left : width - left]
    picture[y : y + part.shape[0], x : x + part.shape[1]] = part


def _is_near(plan: LayerPlan, frame: Frame) -> bool:
    box = plan.layer.bbox
    return box is not None and comes_near(box, plan.crs, label_reach_pt(plan.style), frame)


def draw_frame(layers: Sequence[LayerPlan], frame: Frame, clip_deg: BBox | None = None) -> Pixels | None:
    """All labels of a frame, whole; None where there are none.  layers: bottom first.  clip_deg: see `draw_labels`."""
    view = frame.view
    if min(view.width_px, view.height_px) < _LEAST_PX:
        return None
    found = [_layer_labels(plan, frame, clip_deg) for plan in layers]
    order = class_order([plan.style.labels for plan in layers])
    classes = [ClassLabels(layers[layer].style.labels[at], found[layer][at]) for layer, at in order if found[layer][at]]
    if not classes:
        return None
    image = mapnik.Image(view.width_px, view.height_px)
    try:
        mapnik.render(label_map(classes, frame), image, view.pixel_ratio)
    except (RuntimeError, ValueError) as error:
        raise RenderFailed(reason=str(error)) from error
    pixels = np.frombuffer(image.to_string(), np.uint8).reshape(view.height_px, view.width_px, 4)
    return pixels if pixels[..., 3].any() else None


def _layer_labels(plan: LayerPlan, frame: Frame, clip_deg: BBox | None = None) -> list[list[Label]]:
    """The labels of each class of a layer, in the dataset's order."""
    features = read_features(plan, frame, clip_deg)
    try:
        is_shown = passing(plan.style.filter, features.names)
        is_drawn = shown_by(plan.style.theme, features.names) if any(label.of_drawn_only for label in plan.style.labels) else None
        reach = marker_reach(plan.style.theme, features.names) if _has_points(plan) else _no_marker
    except InvalidExpression as error:
        raise StyleInvalid(reason=error.reason or error.sentence) from error
    shown = [(shape, row) for shape, row in zip(features.shapes, features.rows, strict=True) if is_shown(row)]
    drawn = [(shape, row) for shape, row in shown if is_drawn(row)] if is_drawn else shown
    markers = Markers(drawn, reach, frame) if _has_points(plan) else None
    of_classes = ((label, drawn if label.of_drawn_only else shown) for label in plan.style.labels)
    found = [list(_class_labels(label, ones, features.names, frame, reach)) for label, ones in of_classes]
    return [markers.cleared(labels) for labels in found] if markers else found


def _has_points(plan: LayerPlan) -> bool:
    return isinstance(plan.layer.facts, VectorFacts) and plan.layer.facts.geometry is GeometryKind.POINT


def _no_marker(row: Row) -> float:
    del row
    return 0.0


def _class_labels(
    label: LabelClass, shown: Sequence[tuple[Any, Row]], names: tuple[str, ...], frame: Frame, reach: Reach
) -> Iterator[Label]:
    """The labels of a class.  shown: (shape, values) of the layer's features."""
    room, corner, symbol = room_of(frame, label), (frame.left, frame.bottom), label.symbol
    may_curve = label.placement.along == "curved" and not is_boxed(symbol)
    of_lines, of_others = (label_values(label, names, wraps=wraps) for wraps in (not may_curve, True))
    said = []
    for shape, row in shown:
        dimension = _DIMENSIONS[shape.geom_type] if shape.geom_type in _DIMENSIONS else int(shapely.get_dimensions(shape))
        values = of_lines if dimension == 1 else of_others
        text = values.text(row) if values.passes(row) else ""
        if text:
            said.append((shape, dimension, text, row))
    for shape, dimension, text, row in _thinned(said):
        width_pt, height_pt = text_size(text, symbol)
        size = width_pt * PX_PER_PT, height_pt * PX_PER_PT
        values = of_lines if dimension == 1 else of_others
        wanted = Wanted(text, size, values.turn_deg(row), label.placement, 0.0 if dimension else _in_steps(reach(row) * PX_PER_PT))
        for part in parts_of(shape, each=label.placement.each_part):
            yield from _part_labels(part, dimension, corner, wanted, room)


def _in_steps(length_px: float) -> float:
    """Of half a pixel, so that a few symbolizers do for markers of all sizes."""
    return math.ceil(length_px * 2 - 1e-9) / 2


def _thinned(said: list[tuple[Any, int, str, Row]]) -> list[tuple[Any, int, str, Row]]:
    """Of very many only the first in each small cell of the plane: no more would find a place."""
    if len(said) <= _VERY_MANY:
        return said
    bounds = shapely.bounds([shape for shape, *_ in said])
    cells = np.floor((bounds[:, :2] + bounds[:, 2:]) / 2 / _CELL_PX)
    _, first = np.unique(cells, axis=0, return_index=True)
    return [said[index] for index in np.sort(first)]


def _part_labels(part: Any, dimension: int, corner: tuple[float, float], wanted: Wanted, room: Room) -> Iterator[Label]:
    if dimension == 1:
        yield from on_line(part, corner, wanted, room)
        return
    if dimension == 2:
        found = in_polygon(part, corner, wanted, room)
    else:
        x, y = shapely.get_coordinates(part)[0]
        found = at_point(float(x) - corner[0], float(y) - corner[1], wanted, room)
    if found is not None:
        yield found
