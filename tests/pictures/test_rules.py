"""Which features a vector style draws, told by the colours at probe points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.style import Break, Breaks, Categories, Category, Single, Style, Theme
from rendermap.symbology.symbols import Fill, Stroke, Symbol
from tests.builders.vectors import BLUE, GREEN, RED, fill, plan_for, write_features

VIEW = MapView(BBox(0, 0, 40, 10), "EPSG:25832", 40, 10)
BOXES = [shapely.box(x, 0, x + 10, 10) for x in (0, 10, 20, 30)]
COLUMNS: dict[str, list[object]] = {"Kind": ["Index", "Other", None, "Index"], "Depth": [-1.0, 0.0, 2.5, 99.0]}


def colors(tmp_path: Path, driver: str, theme: Theme, where: str | None = None) -> list[str]:
    """The colour in the middle of each of the four boxes: r, g, b, or - for nothing."""
    layer = write_features(tmp_path, BOXES, COLUMNS, driver=driver)
    style = Style(theme, filter=parse_filter(where) if where else None)
    pixels = draw_vectors([plan_for(layer, style)], VIEW)
    names = {RED: "r", GREEN: "g", BLUE: "b"}
    found = [tuple(int(v) for v in pixels[5, x]) for x in (5, 15, 25, 35)]
    return ["-" if color[3] == 0 else next((n for c, n in names.items() if np.allclose(c, color, atol=1)), str(color)) for color in found]


DRIVERS = pytest.mark.parametrize("driver", ["OpenFileGDB", "GPKG", "FlatGeobuf", "ESRI Shapefile"])


@DRIVERS
@pytest.mark.parametrize(
    ("where", "drawn"),
    [
        ("Kind = 'Index'", "r--r"),
        ("Kind <> 'Index'", "-r--"),
        ("Kind IS NULL", "--r-"),
        ("Depth > 0 AND Depth < 50", "--r-"),
        ("Depth >= 1000", "----"),
    ],
)
def test_a_definition_filter_leaves_the_rest_undrawn(tmp_path: Path, driver: str, where: str, drawn: str) -> None:
    """Features that fail the filter, or for which it is unknown, are not drawn; Mapnik passes over empty rules, so none may do that."""
    assert "".join(colors(tmp_path, driver, Single(fill(RED)), where)) == drawn


@DRIVERS
def test_below_the_first_class_and_above_the_last_nothing_is_drawn(tmp_path: Path, driver: str) -> None:
    """Class breaks without a default leave values outside them undrawn; an upper limit belongs to its class."""
    theme = Breaks("Depth", 0.0, (Break(1.0, fill(GREEN)), Break(5.0, fill(BLUE))))
    assert "".join(colors(tmp_path, driver, theme)) == "-gb-"


@DRIVERS
def test_a_filter_and_classes_go_together(tmp_path: Path, driver: str) -> None:
    """Classes, their default and a filter: each feature gets the first thing that is true of it."""
    theme = Categories(("Kind",), (Category((("Other",),), fill(GREEN)),), default=fill(BLUE))
    assert "".join(colors(tmp_path, driver, theme)) == "bgbb"
    (tmp_path / "again").mkdir()
    assert "".join(colors(tmp_path / "again", driver, theme, "Depth < 50")) == "bgb-"


def stacked(tmp_path: Path, *levels: int, opacity: float = 1.0) -> str:
    """Two crossing roads, each a wide red casing and a narrow blue line: what is seen where the first one's line meets the second."""
    roads = [shapely.LineString([(0, 5), (40, 5)]), shapely.LineString([(20, -5), (20, 15)])]
    casing, line = (Stroke(color, width, level=level) for color, width, level in zip((RED, BLUE), (4.5, 1.5), levels, strict=True))
    style = Style(Single(Symbol((casing, line))), opacity=opacity)
    pixels = draw_vectors([plan_for(write_features(tmp_path, roads), style)], VIEW)
    return " ".join(f"{tuple(int(v) for v in pixels[5, x])}" for x in (18, 20, 5))


def test_symbol_levels_draw_all_casings_before_all_lines(tmp_path: Path) -> None:
    """Without levels the second road's casing covers the first road's line; with levels the lines run through, and fade as one."""
    red, blue = (255, 0, 0, 255), (0, 0, 255, 255)
    assert stacked(tmp_path, 0, 0) == f"{red} {blue} {blue}"
    assert stacked(tmp_path, 0, 1) == f"{blue} {blue} {blue}"
    assert stacked(tmp_path, 0, 7, opacity=0.5) == " ".join(["(0, 0, 255, 127)"] * 3)


def test_levels_keep_each_feature_with_its_first_class(tmp_path: Path) -> None:
    """A class without a symbol layer at some level still catches its features there, so that no later class draws them."""
    high = Symbol((Fill(GREEN, level=1),))
    theme = Categories(("Kind",), (Category((("Index",),), fill(RED)),), default=high)
    assert "".join(colors(tmp_path, "FlatGeobuf", theme)) == "rggr"
