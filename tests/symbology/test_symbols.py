"""Symbols as values: how far they reach, their halos, and paths told by points."""

from __future__ import annotations

import math

import pytest

from rendermap.symbology import paths, shapes
from rendermap.symbology.symbolizers import table
from rendermap.symbology.symbols import Color, Fill, Marker, PictureMarker, Stroke, Symbol, extent_pt, haloed
from tests.builders.styles import fill, node, rgb, stroke, vector_marker

RED, BLUE = Color(200, 0, 0), Color(0, 0, 200)


def test_a_tile_looks_as_far_as_a_symbol_reaches() -> None:
    """Offset, mitres and moves count, so that nothing is cut at a tile's edge."""
    assert extent_pt(Symbol((Stroke(RED, 4.0, offset_pt=-3.0),))) == 5.0
    assert extent_pt(Symbol((Stroke(RED, 4.0, join="miter", miter_limit=10.0),))) == 20.0
    assert extent_pt(Symbol((Fill(RED, dx_pt=3.0, dy_pt=-7.0), Fill(RED)))) == 7.0
    assert extent_pt(Symbol((Stroke(RED, 2.0, smooth=0.5),))) > 10.0


def test_halos_lie_below_all_of_the_symbol() -> None:
    """Shapes and lines have a halo of their own, fills and images none."""
    image = PictureMarker(b"", "image/png", 4.0, 4.0)
    symbol = Symbol((Fill(RED), Stroke(RED, 1.0, (3.0, 1.0)), Marker(shapes.CROSS, 9.0, None, Stroke(RED, 2.0)), image))
    line, cross, *own = haloed(symbol, BLUE, 1.5).layers
    assert tuple(own) == symbol.layers
    assert line == Stroke(BLUE, 4.0) and isinstance(cross, Marker) and cross.fill is None
    assert cross.stroke is not None and (cross.stroke.color, cross.stroke.width_pt) == (BLUE, 5.0)


@pytest.mark.parametrize("path", [shapes.CIRCLE, "M0.5 0A0.5 0.5 0 0 0 -0.5 0A0.5 0.5 0 0 0 0.5 0Z"])
def test_circles_are_flattened_to_points_on_them(path: str) -> None:
    """Arcs of either direction keep to their radius and go all the way round."""
    ((points, closed),) = paths.flattened(path)
    assert closed and len(points) > 40
    assert all(math.hypot(x, y) == pytest.approx(0.5, abs=1e-6) for x, y in points)
    assert {(x > 0, y > 0) for x, y in points if abs(x) > 0.1 and abs(y) > 0.1} == {(a, b) for a in (True, False) for b in (True, False)}


def test_open_and_curved_parts_are_flattened() -> None:
    """Each part of a path is one list of points; a curve ends where it says."""
    parts = list(paths.flattened("M0 0L1 0M0 0C0 1 1 1 1 0Z"))
    assert [(part[0], part[-1], closed) for part, closed in parts] == [((0, 0), (1, 0), False), ((0, 0), (1, 0), True)]
    assert max(y for y in (p[1] for p in parts[1][0])) == pytest.approx(0.75)


def test_cim_turns_grids_and_limits_mitres() -> None:
    """What the engine can draw is read as it is written."""
    ring = {"rings": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    place = {"type": "CIMMarkerPlacementInsidePolygon", "stepX": 9, "stepY": 6, "gridAngle": 30}
    marker = vector_marker(4.0, ring, fill(rgb(200, 0, 0)), markerPlacement=place)
    symbol = table.from_cim(
        node({"type": "CIMPolygonSymbol", "symbolLayers": [marker, stroke(width=2.0, joinStyle="Miter", miterLimit=10)]})
    )
    line, drawn = symbol.layers
    assert isinstance(line, Stroke) and line.miter_limit == 10.0
    assert isinstance(drawn, Marker) and (drawn.grid_deg, drawn.spacing_pt, drawn.spacing_y_pt) == (30.0, 9.0, 6.0)
