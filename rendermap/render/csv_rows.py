"""The rows of a table of text with coordinates, as geometries and typed columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import Layer
from rendermap.render.csv_table import CsvLayout, find_layout, open_rows, to_number
from rendermap.symbology.facts import FieldKind, VectorFacts

_FLAGS = {"true": 1.0, "false": 0.0}


def read_rows(layer: Layer) -> tuple[NDArray[np.object_], dict[str, NDArray[Any]]]:
    """Geometries (None where a row has none) and the fields of the layer's facts, as `csv_table.inspect_csv` found them."""
    if not isinstance(layer.facts, VectorFacts):
        raise SourceUnreadable(reason=f"{layer.open_name}: no vector facts")
    layout = find_layout(layer.source.path)
    with open_rows(layer.source.path, layout) as opened:
        rows = list(opened)
    fields = [f for f in layer.facts.fields if f.name in layout.columns]
    return _shapes(rows, layout), {f.name: _column([row[f.name].strip() for row in rows], f.kind) for f in fields}


def _shapes(rows: list[dict[str, str]], layout: CsvLayout) -> NDArray[np.object_]:
    if layout.wkt:
        with np.errstate(over="ignore", invalid="ignore"):
            shapes = np.array(shapely.from_wkt([row[layout.wkt] or None for row in rows], on_invalid="ignore"), object)
        shapes[~np.isfinite(shapely.bounds(shapes)).all(axis=1)] = None
        return shapes
    if not layout.x:
        return np.full(len(rows), None, object)
    pairs = [(to_number(row[layout.x or ""]), to_number(row[layout.y or ""])) for row in rows]
    return np.array([None if x is None or y is None else shapely.Point(x, y) for x, y in pairs], object)


def _column(texts: list[str], kind: FieldKind) -> NDArray[Any]:
    if kind in (FieldKind.INTEGER, FieldKind.REAL):
        numbers = [to_number(text) for text in texts]
        return np.array([np.nan if number is None else number for number in numbers], float)
    if kind == FieldKind.BOOLEAN:
        return np.array([_FLAGS.get(text.lower(), np.nan) for text in texts], float)
    if kind == FieldKind.DATE:
        # As OGR writes dates, so that they compare as text.
        return np.array([text.replace("-", "/").replace("T", " ") or None for text in texts], object)
    return np.array([text or None for text in texts], object)
