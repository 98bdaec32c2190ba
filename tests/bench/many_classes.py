"""Styles of very many classes over 200,000 features beside a single symbol, in a process of its own: prints one line of JSON.

compile_s: a map of 10,000 values of a field opened, its copy being there.  copy_s: the same the first time, the copy made.  ratios: of the
times of a tile with all features, of one with some, and of one with few; the median over tiles that take turns.  others: the same of
10,000 values of two fields, of a text and of a sum made from the feature, of 100 widths of lines and of 100 patterns of dashes, which
are a rule each; only those that the arguments name, if they name any.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.view import MapView
from rendermap.jobs.job import Layer
from rendermap.render.vectors import WARM, draw_vectors
from rendermap.symbology.expressions.tree import Arithmetic, Column, Concat, Literal
from rendermap.symbology.style import Categories, Category, Value
from rendermap.symbology.symbols import Color, Fill, Stroke, Symbol
from tests.builders.vectors import plan_for, view_on, write_features

ACROSS, CLASSES, ROUNDS = 448, 10_000, 5
VIEW = view_on((0, 0, 20, 20), width=256, height=256)
SIDES = (44_800, 10_000, 2_000)
HAIR = Stroke(Color(60, 60, 60), 0.4)


CODE, ROW = Column("code"), Column("row")


def look(color: Color, line: Stroke = HAIR) -> Symbol:
    """A filled square with an outline."""
    return Symbol((Fill(color), line))


def layer_in(folder: Path) -> Layer:
    """Squares, each with a code and the last two digits of it."""
    chooser = np.random.default_rng(1)
    cols, rows = (index.ravel() * 100.0 for index in np.indices((ACROSS, ACROSS)))
    codes = chooser.integers(0, CLASSES, len(cols))
    values: dict[str, list[object]] = {"code": codes.tolist(), "row": (codes % 100).tolist()}
    return write_features(folder, list(shapely.box(cols, rows, cols + 95, rows + 95)), values)


def themes() -> dict[str, Categories]:
    """By name."""
    colors = [Color(*color) for color in np.random.default_rng(2).integers(0, 256, (CLASSES, 3)).tolist()]
    looks = [look(color) for color in colors]
    joined, doubled = Concat((CODE, Literal("/"), ROW)), Arithmetic("*", CODE, Literal(2))
    wide = [look(color, replace(HAIR, width_pt=0.2 + i % 100 / 100)) for i, color in enumerate(colors)]
    dashed = [look(color, replace(HAIR, dash_pt=(2.0 + i % 100 / 10, 1.0))) for i, color in enumerate(colors)]
    return {
        "field": Categories(("code",), classes(looks, lambda i: (i,))),
        "two fields": Categories(("code", "row"), classes(looks, lambda i: (i, i % 100))),
        "joined text": Categories((), classes(looks, lambda i: (f"{i}/{i % 100}",)), expression=joined),
        "sum": Categories((), classes(looks, lambda i: (i * 2,)), expression=doubled),
        "widths": Categories(("code",), classes(wide, lambda i: (i,))),
        "dashes": Categories(("code",), classes(dashed, lambda i: (i,))),
    }


def classes(looks: Sequence[Symbol], values: Callable[[int], tuple[Value, ...]]) -> tuple[Category, ...]:
    """A class for each look.  values: the combination of a number."""
    return tuple(Category((values(i),), symbol, str(i)) for i, symbol in enumerate(looks))


def alone(plan: LayerPlan) -> LayerPlan:
    """All features as those of the middle class."""
    theme = plan.style.theme
    assert isinstance(theme, Categories)
    return plan_for(plan.layer, theme.classes[CLASSES // 2 + 50].symbol)


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
    asked = {"field", *(sys.argv[1:] or themes())}
    with tempfile.TemporaryDirectory() as folder:
        layer = layer_in(Path(folder))
        plans = {name: plan_for(layer, theme) for name, theme in themes().items() if name in asked}
        copy_s = seconds(lambda: WARM.get([plans["field"]], VIEW))
        WARM.forget()
        compile_s = seconds(lambda: WARM.get([plans["field"]], VIEW))
        for plan in plans.values():
            WARM.get([plan], VIEW), WARM.get([alone(plan)], VIEW)
        others = {name: [ratio(plan, alone(plan), side) for side in SIDES] for name, plan in plans.items()}
    json.dump({"compile_s": compile_s, "copy_s": copy_s, "ratios": others.pop("field"), "others": others}, sys.stdout)


if __name__ == "__main__":
    main()
