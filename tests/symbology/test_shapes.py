"""Marker shapes from Esri geometries."""

from __future__ import annotations

from typing import Any

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology import esri_outlines, paths, shapes
from rendermap.symbology.symbolizers.marker.cim import read as from_cim
from rendermap.symbology.symbols import Color, Marker, Stroke
from tests.builders.styles import fill, node, rgb, stroke, vector_marker

CIRCLE = {"curveRings": [[[1.2e-16, 2], {"a": [[1.2e-16, 2], [0, 0], 0, 1]}]]}


def markers(json: dict[str, Any]) -> tuple[Marker, ...]:
    found = from_cim(node(json))
    assert found is not None
    return found


def test_a_circle_becomes_the_circle() -> None:
    """The commonest marker is the shape that Mapnik has of its own, in its true size, fill below outline."""
    json = vector_marker(4, CIRCLE, stroke(width=1), fill(rgb(255, 0, 0)), frame=(-2, -2, 2, 2))
    assert markers(json) == (Marker(shapes.CIRCLE, 4.0, Color(255, 0, 0), Stroke(Color(0, 0, 0), 1.0)),)


def test_symbols_of_a_marker_scale_with_it_when_told() -> None:
    """Outlines are points, or units of the frame where they scale with the marker."""
    json = vector_marker(8, CIRCLE, stroke(width=1), frame=(-2, -2, 2, 2), scaleSymbolsProportionally=True)
    assert markers(json)[0].stroke == Stroke(Color(0, 0, 0), 2.0)


def test_anchor_and_frame_place_the_path() -> None:
    """The frame's height is the size; the anchor, in shares of the size, comes to lie on the point; y goes down."""
    square = {"rings": [[[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]]}
    json = vector_marker(20, square, fill(rgb(1, 2, 3)), frame=(0, 0, 10, 10), anchorPoint={"x": 0, "y": -0.5}, anchorPointUnits="Relative")
    assert markers(json)[0].path == "M-0.5 0L-0.5 -1L0.5 -1L0.5 0L-0.5 0Z"


@pytest.mark.parametrize(
    ("curve", "wanted"),
    [
        ({"c": [[1, 0], [0, 1]]}, "M-1 0A1 1 0 0 1 1 0Z"),
        ({"c": [[1, 0], [0, -1]]}, "M-1 0A1 1 0 0 0 1 0Z"),
        ({"a": [[1, 0], [0, 0], 1, 1]}, "M-1 0A1 1 0 0 1 1 0Z"),
        ({"b": [[1, 0], [-1, 1], [1, 1]]}, "M-1 0C-1 -1 1 -1 1 0Z"),
        ({"c": [[1, 0], [0, 0]]}, "M-1 0L0 0L1 0Z"),
    ],
)
def test_curves(curve: dict[str, Any], wanted: str) -> None:
    """Circular arcs, elliptic arcs and Bezier curves become SVG commands, upside down."""
    assert esri_outlines.path_of(node({"curveRings": [[[-1, 0], curve]]}), (0, 0), 1) == wanted


def test_a_wide_arc_is_the_long_way_round() -> None:
    """An arc through a point far off is longer than half the circle."""
    path = esri_outlines.path_of(node({"curveRings": [[[-0.6, -0.8], {"c": [[0.6, -0.8], [0, 1]]}]]}), (0, 0), 1)
    assert path == "M-0.6 0.8A1 1 0 1 1 0.6 0.8Z"


def test_scale_and_reach() -> None:
    """Lengths grow, flags and angles do not; the reach holds the whole path."""
    assert paths.scale_path("M0.5 0A0.5 0.25 30 1 0 -0.5 0Z", 4) == "M2 0A2 1 30 1 0 -2 0Z"
    assert paths.reach_of(shapes.SQUARE) == 0.5


def test_limits_of_geometry() -> None:
    """Things that are no points, and points without end, are invalid."""
    for rings in ([[["a", 1]]], [[1]], ["x"], [[[0, 0], {"z": []}]], [[[0, 0]] * 30_000]):
        with pytest.raises(StyleInvalid):
            esri_outlines.path_of(node({"rings": rings}), (0, 0), 1)


def test_named_shapes_are_paths() -> None:
    """Only commands that the marker allows."""
    for name in ("CIRCLE", "SQUARE", "DIAMOND", "TRIANGLE", "CROSS", "X", "PENTAGON", "HEXAGON", "OCTAGON", "STAR", "ARROW"):
        assert paths.is_path(getattr(shapes, name))
    assert not paths.is_path("M0 0 Q1 1")
