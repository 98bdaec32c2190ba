"""@arcgis/core, unmodified, understands the symbology that layer documents carry."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import (
    Break,
    Breaks,
    Categories,
    Category,
    DotDensity,
    Dots,
    Graded,
    HeatMap,
    Proportional,
    Single,
    Style,
    Theme,
)
from rendermap.symbology.symbols import Color, Fill, Marker, Ramp, SizeBy, Stroke, Symbol
from rendermap.symbology.writers.drawing_info import write_drawing_info
from tests.builders.clients import CLIENTS, node_program

pytestmark = pytest.mark.slow

RED, BLUE = Color(255, 0, 0), Color(0, 0, 255)
AREA, OTHER = Symbol((Fill(RED), Stroke(BLUE, 1.0))), Symbol((Fill(BLUE),))
POINT = Symbol((Marker(CIRCLE, 8.0, RED, rotation_by=Column("DIR")),))
RAMP = Ramp(((0.0, BLUE), (1.0, RED)))
POLYGON = GeometryKind.POLYGON
CASES: tuple[tuple[Theme, GeometryKind, dict[str, Any]], ...] = (
    (Single(AREA), POLYGON, {"type": "simple", "color": [255, 0, 0, 1]}),
    (Single(POINT), GeometryKind.POINT, {"type": "simple", "variables": [["rotation", "DIR", 0]]}),
    (
        Categories(("A",), (Category((("x",), ("y",)), AREA), Category((("z",),), OTHER))),
        POLYGON,
        {"type": "unique-value", "values": ["x", "y", "z"], "color": [255, 0, 0, 1]},
    ),
    (Breaks("A", 0.0, (Break(1.5, AREA), Break(7.0, OTHER))), POLYGON, {"type": "class-breaks", "limits": [1.5, 7]}),
    (Graded(Column("A"), AREA, RAMP, (2.0, 9.0)), POLYGON, {"type": "simple", "variables": [["color", "A", 2]]}),
    (
        Proportional(Symbol((Marker(CIRCLE, 8.0, RED),)), SizeBy(Column("N"), ((1.0, 1.0), (9.0, 3.0)))),
        GeometryKind.POINT,
        {"type": "simple", "variables": [["size", "N", 2]]},
    ),
    (HeatMap(RAMP, 12.0), GeometryKind.POINT, {"type": "heatmap", "heat": 12}),
    (DotDensity((Dots(Column("A"), Symbol((Marker(CIRCLE, 2.0, RED),))),), 50.0), POLYGON, {"type": "dot-density", "dots": ["A"]}),
)


def test_renderers_and_labels() -> None:
    """Each renderer becomes the client's own of the same meaning, with its colours, fields, limits and labels."""
    infos = [write_drawing_info(Style(theme, labels=(LabelClass(Column("A")),)), geometry) for theme, geometry, _ in CASES]
    done = subprocess.run(
        [node_program(), "renderers.mjs"], cwd=CLIENTS, input=json.dumps(infos), capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stderr == ""
    for line, (_, geometry, wanted) in zip(done.stdout.splitlines(), CASES, strict=True):
        found = json.loads(line)
        assert {key: found[key] for key in wanted} == wanted
        assert found["label"][1] == '$feature["A"]'
        assert found["label"][0] == ("always-horizontal" if geometry is POLYGON else "center-center")
