"""Tables of text with coordinates: which columns hold them, and what the others hold."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely

from rendermap.errors import SourceRefused, SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WGS84
from rendermap.geo.turns import frame_across
from rendermap.jobs.job import DataSource, Layer
from rendermap.limits import CELL_CHARS
from rendermap.render.crs_name import canonical_crs
from rendermap.render.dataset_size import check_features
from rendermap.render.spread import is_spread
from rendermap.render.vector_facts import MIXED
from rendermap.symbology.facts import Field, FieldKind, GeometryKind, VectorFacts

_PAIRS = (
    (("lon", "long", "lng", "longitude", "decimallongitude"), ("lat", "latitude", "decimallatitude")),
    (("easting", "east", "rechtswert"), ("northing", "north", "hochwert")),
    (("x", "point_x", "x_coord", "coord_x", "xcoord"), ("y", "point_y", "y_coord", "coord_y", "ycoord")),
)
_ADORNMENTS = ("", "dd", "decimal", "dec", "deg", "degrees", "gps", "wgs84", "wgs", "start", "center")
_WKT_NAMES = ("wkt", "geom_wkt", "the_geom", "geometry", "geom", "shape")
_LONGEST_HEAD = 1 << 20
_DELIMITERS = ",;\t|"
_ENCODINGS = ("utf-8-sig", "cp1252")
_DIMENSIONS = (GeometryKind.POINT, GeometryKind.LINE, GeometryKind.POLYGON)
Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How a table is written.

    x, y: the coordinate columns, None when wkt names the column of geometries as text instead, or nothing does.
    """

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    x: str | None
    y: str | None
    wkt: str | None
    is_geographic: bool


def read_layout(path: Path) -> CsvLayout:
    """Encoding, delimiter and coordinate columns of a table.  Raises SourceUnreadable when it has no coordinates."""
    layout = find_layout(path)
    if not (layout.x or layout.wkt):
        raise SourceUnreadable("The table of this layer has no coordinate columns.", reason=f"{path}: columns {layout.columns}")
    return layout


def find_layout(path: Path) -> CsvLayout:
    """The same of any table; without coordinate columns where it has none."""
    csv.field_size_limit(CELL_CHARS.value)
    encoding = _encoding_of(path)
    with path.open(encoding=encoding, newline="") as file:
        head = file.readline(_LONGEST_HEAD)
    delimiter = max(_DELIMITERS, key=head.count)
    columns = tuple(name.strip() for name in next(csv.reader([head], delimiter=delimiter), []))
    names = {name.lower(): name for name in reversed(columns)}
    for number, (xs, ys) in enumerate(_PAIRS):
        x, y = (next((names[name] for name in known if name in names), None) for known in (xs, ys))
        if x and y:
            return CsvLayout(encoding, delimiter, columns, x, y, None, number == 0)
    degrees = _adorned(columns)
    if degrees:
        return CsvLayout(encoding, delimiter, columns, *degrees, None, True)
    wkt = next((names[name] for name in _WKT_NAMES if name in names), None)
    return CsvLayout(encoding, delimiter, columns, None, None, wkt, False)


def _adorned(columns: tuple[str, ...]) -> tuple[str, str] | None:
    """Longitude and latitude by names that say how they are written, too: DDLon, lat_dd, GPS_Longitude, Lat (WGS84)."""
    bare = {re.sub(r"[\W_]", "", name.lower()): name for name in reversed(columns)}
    for before, after in ((b, a) for b in _ADORNMENTS for a in _ADORNMENTS):
        x, y = (next((bare[full] for name in known if (full := before + name + after) in bare), None) for known in _PAIRS[0])
        if x and y:
            return x, y
    return None


@contextmanager
def open_rows(path: Path, layout: CsvLayout) -> Iterator[Iterator[dict[str, str]]]:
    """The rows of a table below its head, one dictionary each; cells beyond the head are dropped, missing ones are empty."""
    csv.field_size_limit(CELL_CHARS.value)
    with path.open(encoding=layout.encoding, newline="", errors="replace") as file:
        reader = csv.reader(file, delimiter=layout.delimiter)
        next(reader, None)
        yield (dict(zip(layout.columns, row + [""] * (len(layout.columns) - len(row)), strict=False)) for row in reader if row)


def inspect_csv(source: DataSource) -> Layer:
    """The facts of a table of text with coordinates.

    Degrees are taken for WGS84 where the columns are named longitude and latitude; a ``.prj`` file beside the table wins.
    Raises SourceUnreadable when it has no coordinates or cannot be parsed, SourceRefused when there is too much of it.
    """
    try:
        layout = read_layout(source.path)
        with open_rows(source.path, layout) as rows:
            seen = _survey(source.path, rows, layout)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        if "field limit" in str(error):
            raise SourceRefused(CELL_CHARS.sentence, reason=f"{source.path}: {error}") from error
        raise SourceUnreadable(reason=f"{source.path}: {error}") from error
    fields = tuple(Field(name, kind) for name, kind in seen.kinds.items() if name != layout.wkt)
    crs = _crs_of(source.path, layout, seen.bbox)
    notes = () if crs else ("the dataset names no coordinate reference system",)
    if seen.is_mixed:
        notes = (*notes, MIXED)
    facts = VectorFacts(seen.geometry, fields, seen.count, seen.is_mixed)
    frame = frame_across([BBox(*box) for box in seen.boxes], crs) if crs and seen.bbox and is_spread(seen.bbox, crs) else None
    return Layer(source, "csv", str(source.path), crs, seen.bbox, facts, "CSV", layout.encoding, notes, frame)


def inspect_csv_table(source: DataSource) -> Layer:
    """The facts of any table of text, whose columns are all fields.  Raises as `inspect_csv`."""
    try:
        layout = replace(find_layout(source.path), x=None, y=None, wkt=None)
        with open_rows(source.path, layout) as rows:
            seen = _survey(source.path, rows, layout)
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise SourceUnreadable(reason=f"{source.path}: {error}") from error
    facts = VectorFacts(GeometryKind.POINT, tuple(Field(name, kind) for name, kind in seen.kinds.items()), seen.count)
    return Layer(source, "csv", str(source.path), None, None, facts, "CSV", layout.encoding)


@dataclass(slots=True)
class _Survey:
    kinds: dict[str, FieldKind]
    geometry: GeometryKind = GeometryKind.POINT
    bbox: BBox | None = None
    count: int = 0
    is_mixed: bool = False
    boxes: tuple[Extent, ...] = ()


def _survey(path: Path, rows: Iterator[dict[str, str]], layout: CsvLayout) -> _Survey:
    kinds: dict[str, FieldKind | None] = dict.fromkeys(layout.columns)
    boxes: list[Extent] = []
    dimensions: set[int] = set()
    count, has_places = 0, bool(layout.x or layout.wkt)
    for row in rows:
        for name, text in row.items():
            if kinds[name] is not FieldKind.TEXT and text.strip():
                kinds[name] = _wider(kinds[name], text.strip())
        geometry = geometry_of(row, layout)
        if geometry is None and has_places:
            continue
        count += 1
        check_features(count, path)
        if geometry is None:
            continue
        dimensions.add(geometry[1])
        boxes.append(geometry[0])
        if len(boxes) > 1 << 16:
            boxes = [_around(boxes)]
    box = BBox(*_around(boxes)) if boxes else None
    known = {name: kind or FieldKind.TEXT for name, kind in kinds.items()}
    return _Survey(known, _DIMENSIONS[max(dimensions, default=0)], box, count, len(dimensions) > 1, tuple(boxes))


def geometry_of(row: dict[str, str], layout: CsvLayout) -> tuple[Extent, int] | None:
    """The box and the dimension (0 point, 1 line, 2 polygon) of a row's geometry, None when it has none."""
    if layout.wkt:
        with np.errstate(over="ignore", invalid="ignore"):
            shape = shapely.from_wkt(row[layout.wkt] or None, on_invalid="ignore")
        if shape is None or shape.is_empty or not all(map(math.isfinite, shape.bounds)):
            return None
        return shape.bounds, int(shapely.get_dimensions(shape))
    if not (layout.x and layout.y):
        return None
    x, y = to_number(row[layout.x]), to_number(row[layout.y])
    return None if x is None or y is None else ((x, y, x, y), 0)


def to_number(text: str) -> float | None:
    """A finite number, written with a decimal point or, where there is none, a comma; else None."""
    for spelled in (text, text.replace(",", ".")):
        try:
            value = float(spelled)
        except ValueError:
            continue
        return value if math.isfinite(value) else None
    return None


def _around(boxes: list[Extent]) -> Extent:
    values = np.asarray(boxes)
    return float(values[:, 0].min()), float(values[:, 1].min()), float(values[:, 2].max()), float(values[:, 3].max())


def _wider(kind: FieldKind | None, text: str) -> FieldKind:
    """The narrowest kind that holds both what was seen before and this text."""
    this = _kind_of(text)
    if kind in (None, this):
        return this
    return FieldKind.REAL if {kind, this} == {FieldKind.INTEGER, FieldKind.REAL} else FieldKind.TEXT


def _kind_of(text: str) -> FieldKind:
    if text.lower() in ("true", "false"):
        return FieldKind.BOOLEAN
    readers = ((int, FieldKind.INTEGER), (_decimal, FieldKind.REAL), (datetime.fromisoformat, FieldKind.DATE))
    for read, kind in readers:
        try:
            read(text)
        except ValueError:
            continue
        return kind
    return FieldKind.TEXT


def _decimal(text: str) -> float:
    if (value := to_number(text)) is None:
        raise ValueError
    return value


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(1 << 20)
    whole_lines = head.rsplit(b"\n", 1)[0] if len(head) == 1 << 20 else head
    for encoding in _ENCODINGS:
        try:
            whole_lines.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _crs_of(path: Path, layout: CsvLayout, bbox: BBox | None) -> str | None:
    prj = path.with_suffix(".prj")
    if prj.is_file():
        return canonical_crs(prj.read_text(encoding="utf-8", errors="replace"))
    if not layout.is_geographic or bbox is None:
        return None
    return WGS84 if bbox.xmin >= -360 and bbox.xmax <= 360 and bbox.ymin >= -90 and bbox.ymax <= 90 else None
