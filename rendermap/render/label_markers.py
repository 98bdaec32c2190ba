"""Labels of points prefer the places where they cover no other point's marker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.geo.lattice import Frame
from rendermap.render.label_places import Label, box_at
from rendermap.render.label_reach import Reach
from rendermap.symbology.expressions.evaluate import Row
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT

Floats = NDArray[np.float64]

_TOUCH_PX = 0.5
"""A label may come as near to a marker as its own, which it stands right beside."""

_MOST_LABELS = 4000
"""Among more there is no room to be choosy."""


class Markers:
    """The markers of a layer's points.  All lengths are pixels."""

    def __init__(self, features: Sequence[tuple[Any, Row]], reach: Reach, frame: Frame) -> None:
        """features: (shape, values) each.  reach: in points, of a row of values."""
        shapes = np.array([shape for shape, _ in features], object)
        xy, of = shapely.get_coordinates(shapes, return_index=True)
        reaches = np.array([reach(row) for _, row in features], float)[of] * PX_PER_PT
        drawn = reaches > _TOUCH_PX
        self._xy, self._reach = xy[drawn] - (frame.left, frame.bottom), reaches[drawn]
        self._largest = float(self._reach.max(initial=0.0))
        self._tree = shapely.STRtree([shapely.Point(x, y) for x, y in self._xy])

    def cleared(self, labels: Sequence[Label]) -> list[Label]:
        """The labels of points, the spots of each in their order but those that cover another point's marker last."""
        if len(labels) > _MOST_LABELS:
            return list(labels)
        asked = [(label, spot) for label in labels if len(label.spots) > 1 for spot in label.spots]
        if not asked or not len(self._reach):
            return list(labels)
        places = np.array([(label.shape.x, label.shape.y) for label, _ in asked])
        boxes = np.array([box_at(x, y, spot, label.size, label.turn_deg) for (label, spot), (x, y) in zip(asked, places, strict=True)])
        covered = iter(self._are_covered(places, boxes).tolist())
        return [_reordered(label, covered) if len(label.spots) > 1 else label for label in labels]

    def _are_covered(self, places: Floats, boxes: Floats) -> NDArray[np.bool_]:
        """places: of the labels' own points.  boxes: (left, bottom, right, top) of the labels."""
        far = self._largest
        at, near = self._tree.query(shapely.box(*np.add(boxes, (-far, -far, far, far)).T))
        xy = self._xy[near]
        away = np.hypot(*(xy - np.clip(xy, boxes[at, :2], boxes[at, 2:])).T)
        is_other = np.hypot(*(xy - places[at]).T) > _TOUCH_PX
        covered = np.zeros(len(boxes), bool)
        covered[at[is_other & (away < self._reach[near] - _TOUCH_PX)]] = True
        return covered


def _reordered(label: Label, covered: Iterator[bool]) -> Label:
    covers = {spot: next(covered) for spot in label.spots}
    return replace(label, spots=tuple(sorted(label.spots, key=covers.__getitem__)))
