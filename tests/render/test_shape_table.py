"""The table and the index beside a kept shapefile: what Mapnik's plugin reads from them is what was written."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from rendermap.render.engine import mapnik
from rendermap.render.shape_index import NODE_RECORDS, write_index
from rendermap.render.shape_table import MOST_TEXT_BYTES, NotKept, split_reals, write_table

REALS = (0.0, -0.0, 0.1, -1 / 3, 1e300, -1e-200, math.pi, 2.0**53 + 2, float(np.nextafter(1, 2)))
WHOLES = (0, -1, 2**31, -(2**40), 10**15 + 1)
RANDOM = np.random.default_rng(5)


def write_points(folder: Path, places: np.ndarray) -> Path:
    """A shapefile of points (n, 2) as GDAL writes it."""
    file = folder / "points.shp"
    wkb = shapely.to_wkb(shapely.points(places))
    pyogrio.raw.write(file, wkb, [], [], driver="ESRI Shapefile", geometry_type="Point", crs="EPSG:3857")
    return file


def read(file: Path, box: tuple[float, float, float, float] | None = None) -> list[dict[str, object]]:
    """The attributes of what Mapnik finds in a box, in its order."""
    source = mapnik.Datasource(type="shape", file=str(file), encoding="utf-8")
    query = mapnik.Query(mapnik.Box2d(*box) if box else source.envelope())
    for name in source.fields():
        query.add_property_name(name)
    return [dict(feature.attributes) for feature in source.features(query)]


def test_values_come_back_as_they_were(tmp_path: Path) -> None:
    """Texts of any letters, whole numbers to fifteen digits and each bit of a real number."""
    file = write_points(tmp_path, np.arange(10.0).reshape(5, 2))
    texts = np.array(["", "Zürich", "a" * MOST_TEXT_BYTES, 'it\'s [so] "it" is', "河"], object)
    whole, powers = split_reals(np.array(REALS[:5]))
    columns = {"v0": texts, "v1": np.array(WHOLES), "v2": whole, "pv2": powers}
    write_table(file.with_suffix(".dbf"), columns, 5)
    rows = read(file)
    assert [row["v0"] for row in rows] == list(texts)
    assert [row["v1"] for row in rows] == list(WHOLES)
    assert [row["v2"] for row in rows] == whole.tolist()


def test_reals_are_split_without_loss() -> None:
    """As Mapnik puts them together again: in double precision, by pow()."""
    whole, powers = split_reals(np.array(REALS))
    for value, w, p in zip(REALS, whole.tolist(), powers.tolist(), strict=True):
        expression = mapnik.Expression(f"([w]*pow(2,[p]))={value!r}") if 1e-5 < abs(value) < 1e15 else None
        assert float(w) * 2.0**p == value
        if expression:
            feature = mapnik.Feature(mapnik.Context(), 1)
            feature["w"], feature["p"] = w, p
            assert expression.evaluate(feature) == 1


@pytest.mark.parametrize("texts", [[" blank"], ["blank "], ["a\0b"], ["ü" * 128]])
def test_texts_that_would_be_changed_are_not_kept(texts: list[str], tmp_path: Path) -> None:
    """Blanks at the ends, NUL, and more bytes than a cell has."""
    with pytest.raises(NotKept):
        write_table(tmp_path / "t.dbf", {"v0": np.array(texts, object)}, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e-320])
def test_numbers_that_would_be_changed_are_not_kept(value: float) -> None:
    """What is not finite, or too near to 0 for a power that Mapnik can take."""
    with pytest.raises(NotKept):
        split_reals(np.array([value]))


@pytest.mark.parametrize("count", [1, NODE_RECORDS, NODE_RECORDS + 1, 5000])
def test_the_index_finds_what_a_view_meets_in_the_files_own_order(count: int, tmp_path: Path) -> None:
    """As many as a look at every point finds, for trees of no, one and three levels."""
    places = RANDOM.uniform(-1e6, 1e6, (count, 2))
    file = write_points(tmp_path, places)
    write_table(file.with_suffix(".dbf"), {"v0": np.arange(count)}, count)
    boxes = np.concatenate([places, places], axis=1)
    write_index(file.with_suffix(".index"), boxes, 100 + 28 * np.arange(count))
    for box in ((-1e6, -1e6, 1e6, 1e6), (-2e5, 1e5, 3e5, 4e5), (5e6, 5e6, 6e6, 6e6)):
        inside = (places >= box[:2]).all(axis=1) & (places <= box[2:]).all(axis=1)
        assert [row["v0"] for row in read(file, box)] == np.flatnonzero(inside).tolist()
