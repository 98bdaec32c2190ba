"""Labelled maps look as they did when they were last looked at; ``python -m tests.pictures.test_labels`` draws what they are held to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from rendermap.dispatch.plan import LayerPlan
from rendermap.imaging.flatten import WHITE as PAPER
from rendermap.imaging.flatten import flatten
from rendermap.render.compose import draw
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass, Placement, TextSymbol
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbols import BLACK, Color, Fill, Marker, Stroke, Symbol
from tests.builders.vectors import map_plan, plan_for, view_on, write_features

Pixels = NDArray[np.uint8]
REFERENCES = Path(__file__).parent / "references"
SIZE = 540
WHITE, GREEN, SLATE = Color(255, 255, 255), Color(40, 90, 40), Color(60, 60, 120)
SCRIPTS = (
    "مرحبا بالعالم", "हिन्दी क्षेत्र", "東京都 銀座カフェ", "서울특별시", "தமிழ் நாடு", "ประเทศไทย", "বাংলা ক্ষুদ্র", "తెలుగు", "עברית 12",
    "Ελλάδα Россия", "ភាសាខ្មែរ", "ქართული", "አማርኛ", "Zürich 東京 مرحبا",
)  # fmt: skip


def layer(folder: Path, name: str, shapes: list[shapely.Geometry], names: list[str], symbol: Symbol, label: LabelClass) -> LayerPlan:
    """A layer of named features."""
    return plan_for(write_features(folder, shapes, {"name": list(names)}, name=name), Style(Single(symbol), labels=(label,)))


def points(folder: Path) -> list[LayerPlan]:
    """Places with a halo, on the first side that is free; some at the edge."""
    at = np.random.default_rng(7).uniform(0, SIZE, (28, 2))
    marker = Symbol((Marker(CIRCLE, 7, Color(190, 50, 40), Stroke(WHITE, 1)),))
    text = TextSymbol("Arial", 9.5, BLACK, halo_color=WHITE, halo_pt=1.5)
    label = LabelClass(Column("name"), text, Placement(anchors=("NE", "NW", "SE", "SW", "E", "W"), distance_pt=1))
    return [layer(folder, "points", [shapely.Point(*p) for p in at], [f"Place {i}" for i in range(len(at))], marker, label)]


def streets(folder: Path) -> list[LayerPlan]:
    """Names that follow bent streets, digitised either way, again and again; crossings stay free."""
    xs = np.arange(5, SIZE - 5, 6.0)
    lines = [
        shapely.LineString(np.column_stack([xs, 60 + 70 * k + 22 * np.sin(xs / 60 + k) + xs * 0.15 * (k % 3 - 1)])[:: 1 if k % 2 else -1])
        for k in range(7)
    ]
    casing = Symbol((Stroke(Color(150, 150, 150), 7), Stroke(WHITE, 5.5)))
    label = LabelClass(Column("name"), TextSymbol("Arial", 8, SLATE), Placement(repeat_pt=180))
    return [layer(folder, "streets", lines, [f"Ölmühlgasse {k}" for k in range(7)], casing, label)]


def polygons(folder: Path) -> list[LayerPlan]:
    """Names inside, also of a horseshoe and a ring, on two lines; the strip is too narrow for its own."""
    shapes = [
        shapely.box(20, 300, 250, 520),
        shapely.box(280, 300, 520, 520).difference(shapely.box(350, 360, 450, 520)),
        shapely.Point(130, 150).buffer(110).difference(shapely.Point(130, 150).buffer(45)),
        shapely.box(280, 40, 520, 260),
        shapely.box(255, 30, 270, 270),
    ]
    names = ["Wide County", "Horseshoe Bend", "Ring", "Bad Sankt Leonhard im Lavanttal", "Too narrow"]
    symbol = Symbol((Fill(Color(230, 240, 220)), Stroke(Color(120, 160, 120), 1)))
    text = TextSymbol("Georgia", 11, GREEN, is_italic=True)
    return [layer(folder, "polygons", shapes, names, symbol, LabelClass(Column("name"), text, Placement(wrap_chars=12, must_fit=True)))]


def scripts(folder: Path) -> list[LayerPlan]:
    """Names of the world, with a halo."""
    at = [shapely.Point(150 + 240 * (i % 2), 500 - 68 * (i // 2)) for i in range(len(SCRIPTS))]
    label = LabelClass(Column("name"), TextSymbol("Arial", 16, BLACK, halo_color=Color(255, 225, 160), halo_pt=1.5))
    return [layer(folder, "scripts", at, list(SCRIPTS), Symbol(), label)]


def boxes(folder: Path) -> list[LayerPlan]:
    """Road numbers in boxes, upright on their roads, and names turned with them below."""
    roads = [shapely.LineString([(10, 80 + 120 * k), (270, 130 + 120 * k - 50 * (k % 2)), (530, 60 + 120 * k)]) for k in range(4)]
    plate = TextSymbol("Arial", 9, WHITE, is_bold=True, box_color=Color(40, 90, 160), box_outline=WHITE, box_margin_pt=2)
    numbers = LabelClass(Column("name"), plate, Placement(along="horizontal", repeat_pt=160))
    return [layer(folder, "boxes", roads, [f"B {31 + k}" for k in range(4)], Symbol((Stroke(Color(200, 120, 60), 2.5),)), numbers)]


MAPS: tuple[Callable[[Path], list[LayerPlan]], ...] = (points, streets, polygons, scripts, boxes)


def picture_of(make: Callable[[Path], list[LayerPlan]], folder: Path) -> Pixels:
    """The map on white paper: (height, width, 3) uint8."""
    view = view_on((0, 0, SIZE, SIZE), width=SIZE, height=SIZE)
    return flatten(draw(map_plan(view, *make(folder))), PAPER)


@pytest.mark.parametrize("make", MAPS, ids=lambda make: make.__name__)
def test_it_looks_as_it_did(make: Callable[[Path], list[LayerPlan]], tmp_path: Path) -> None:
    """What differs is a fiftieth of the ink at most."""
    drawn = picture_of(make, tmp_path).astype(int)
    wanted = np.asarray(Image.open(REFERENCES / f"labels_{make.__name__}.png").convert("RGB")).astype(int)
    ink = np.abs(255 - wanted).sum()
    assert np.abs(drawn - wanted).sum() / ink < 0.02


def main() -> None:
    """Draw the references anew, to be looked at."""
    REFERENCES.mkdir(exist_ok=True)
    for make in MAPS:
        with tempfile.TemporaryDirectory() as folder:
            image = Image.fromarray(picture_of(make, Path(folder))).quantize(255, dither=Image.Dither.NONE)
            image.save(REFERENCES / f"labels_{make.__name__}.png", optimize=True)


if __name__ == "__main__":
    main()
