"""A style of 10,000 unique values over 200,000 features beside a single symbol, in a process of its own: prints one line of JSON.

compile_s: a map of the style opened, its copy being there.  copy_s: the same the first time, the copy made.  ratio: of the times of a
tile with all features, of one with some, and of one with few; the median over tiles that take turns.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.view import MapView
from rendermap.render.vectors import WARM, draw_vectors
from rendermap.symbology.style import Categories, Category
from rendermap.symbology.symbols import Color, Fill, Stroke, Symbol
from tests.builders.vectors import plan_for, view_on, write_features

ACROSS, CLASSES, ROUNDS = 448, 10_000, 5
SIDES = (44_800, 10_000, 2_000)


def look(color: Color) -> Symbol:
    """A filled square with an outline."""
    return Symbol((Fill(color), Stroke(Color(60, 60, 60), 0.4)))


def plans(folder: Path) -> tuple[LayerPlan, LayerPlan]:
    """(many classes, a single symbol) on the same features."""
    chooser = np.random.default_rng(1)
    cols, rows = (index.ravel() * 100.0 for index in np.indices((ACROSS, ACROSS)))
    values: list[object] = chooser.integers(0, CLASSES, len(cols)).tolist()
    layer = write_features(folder, list(shapely.box(cols, rows, cols + 95, rows + 95)), {"code": values})
    colors = chooser.integers(0, 256, (CLASSES, 3)).tolist()
    classes = tuple(Category(((code,),), look(Color(*color)), str(code)) for code, color in enumerate(colors))
    return plan_for(layer, Categories(("code",), classes)), plan_for(layer, look(Color(200, 100, 50)))


def seconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def ratio(many: LayerPlan, single: LayerPlan, side: float) -> float:
    """Tile by tile, so that a drifting machine cancels out."""
    views: list[MapView] = [view_on((i, 0, i + side, side), width=256, height=256) for i in range(ROUNDS)]
    return statistics.median(
        seconds(lambda v=v: draw_vectors([many], v)) / seconds(lambda v=v: draw_vectors([single], v))  # type: ignore[misc]
        for v in views
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        many, single = plans(Path(folder))
        copy_s = seconds(lambda: WARM.get([many], "EPSG:25832"))
        WARM.forget()
        compile_s = seconds(lambda: WARM.get([many], "EPSG:25832"))
        ratios = [ratio(many, single, side) for side in SIDES]
    json.dump({"compile_s": compile_s, "copy_s": copy_s, "ratios": ratios}, sys.stdout)


if __name__ == "__main__":
    main()
