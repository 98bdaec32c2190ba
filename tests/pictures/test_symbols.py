"""Everything a symbol can hold, drawn through the whole drawing room: like a sheet that was looked at by eye, and without seams."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbols import Symbol
from tests.builders.symbols import SYMBOLS
from tests.builders.vectors import plan_for, write_features

Pixels = NDArray[np.uint8]
SHEET = Path(__file__).with_name("symbols.png")
CELL = (80, 64)
COLUMNS = 8
LEAST_LIKENESS = 0.985

SHAPES: dict[GeometryKind, shapely.Geometry] = {
    GeometryKind.POINT: shapely.Point(40, 32),
    GeometryKind.LINE: shapely.LineString([(10, 14), (40, 50), (52, 16), (70, 44)]),
    GeometryKind.POLYGON: shapely.Polygon([(8, 8), (72, 8), (72, 40), (52, 56), (8, 56)], [[(44, 16), (60, 16), (60, 32), (44, 32)]]),
}


def layer_of(folder: Path, kind: GeometryKind, scale: float = 1.0) -> Layer:
    shape = shapely.transform(SHAPES[kind], lambda xy: xy * scale)
    return write_features(folder, [shape], {"v": [5.0], "angle": [30.0]}, name=kind.value)


def drawn(layer: Layer, symbol: Symbol, box: BBox, ratio: float = 1.0) -> Pixels:
    """On white, (rows, columns, 3)."""
    view = MapView(box, "EPSG:25832", round(box.width * ratio), round(box.height * ratio), ratio)
    pixels = draw_vectors([plan_for(layer, symbol)], view).astype(np.uint16)
    alpha = pixels[..., 3:]
    return ((pixels[..., :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)


def cell(folder: Path, name: str, ratio: float = 1.0) -> Pixels:
    symbol, kind = SYMBOLS[name]
    return drawn(layer_of(folder, kind), symbol, BBox(0, 0, *CELL), ratio)


def write_sheet(folder: Path, file: Path) -> None:
    """Draws the sheet anew, to be looked at."""
    width, height = CELL
    sheet = np.full((-(-len(SYMBOLS) // COLUMNS) * height, COLUMNS * width, 3), 255, np.uint8)
    for i, name in enumerate(SYMBOLS):
        y, x = i // COLUMNS * height, i % COLUMNS * width
        sheet[y : y + height, x : x + width] = cell(folder, name)
    Image.fromarray(sheet).quantize(255).save(file, optimize=True)


def likeness(one: Pixels, other: Pixels) -> float:
    """1 for equal pictures, 0 for black and white."""
    return 1 - float(np.abs(one.astype(int) - other.astype(int)).mean()) / 255


@pytest.mark.parametrize("number", range(len(SYMBOLS)), ids=list(SYMBOLS))
def test_symbol_is_like_the_sheet(tmp_path: Path, number: int) -> None:
    """Each symbol looks as it did when it was looked at by eye, and shows something."""
    width, height = CELL
    y, x = number // COLUMNS * height, number % COLUMNS * width
    kept = np.asarray(Image.open(SHEET).convert("RGB"))[y : y + height, x : x + width]
    made = cell(tmp_path, list(SYMBOLS)[number])
    assert likeness(made, kept) > LEAST_LIKENESS
    assert (made != 255).any()


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbol_keeps_its_size_at_any_pixel_ratio(tmp_path: Path, name: str) -> None:
    """At ratio 2 the picture is the same with more pixels: halved again it is like the one of ratio 1."""
    one, two = cell(tmp_path, name), cell(tmp_path, name, 2.0)
    height, width = one.shape[:2]
    halved = two.reshape(height, 2, width, 2, 3).mean(axis=(1, 3)).astype(np.uint8)
    # Fine lines fall on pixels differently; a wrong size or place is far from this.
    assert likeness(one, halved) > 0.965


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("name", SYMBOLS)
def test_no_seam_at_tile_edges(tmp_path: Path, name: str, ratio: float) -> None:
    """Four tiles side by side are the very picture drawn at once: patterns, dashes, markers and gradients run on."""
    symbol, kind = SYMBOLS[name]
    layer = layer_of(tmp_path, kind, scale=3.2)
    side, left, bottom = 128, 8, -28
    whole = drawn(layer, symbol, BBox(left, bottom, left + 2 * side, bottom + 2 * side), ratio)
    rows = [
        np.hstack([drawn(layer, symbol, BBox(x, y, x + side, y + side), ratio) for x in (left, left + side)])
        for y in (bottom + side, bottom)
    ]
    assert np.abs(np.vstack(rows).astype(int) - whole).max() <= 16
