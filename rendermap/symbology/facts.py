"""What symbology needs to know about a dataset: its facts, and the numbers measured in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GeometryKind(StrEnum):
    """What a vector dataset holds."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


class FieldKind(StrEnum):
    """What an attribute holds."""

    INTEGER = "integer"
    REAL = "real"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute."""

    name: str
    kind: FieldKind
    alias: str = ""


@dataclass(frozen=True, slots=True)
class VectorFacts:
    """A vector dataset.

    geometry: what it holds, of the highest dimension where is_mixed.  count: number of features, -1 when unknown.  hidden: names of
    further fields, that nothing may be asked of; a name that may mean one of them means no other field.
    """

    geometry: GeometryKind
    fields: tuple[Field, ...]
    count: int = -1
    is_mixed: bool = False
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """One raster band.

    dtype: numpy's name of the sample type.  interpretation: GDAL's colour interpretation, lower case (``gray``, ``red``,
    ``palette``, ``alpha``).  palette: (value, r, g, b, a) rows of its colour table.
    """

    dtype: str
    interpretation: str = "undefined"
    nodata: float | None = None
    palette: tuple[tuple[int, int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RasterFacts:
    """A raster dataset.  pixel: size of a cell (x, y) in CRS units.  has_alpha: last band or mask hides cells."""

    width: int
    height: int
    bands: tuple[Band, ...]
    pixel: tuple[float, float]
    has_overviews: bool = False
    thematic: bool = False
    attribute_table: tuple[tuple[str, tuple[str | float | int | None, ...]], ...] = ()


Facts = VectorFacts | RasterFacts


def kind_of(facts: Facts) -> GeometryKind | None:
    """What features are; None for a raster."""
    return facts.geometry if isinstance(facts, VectorFacts) else None


@dataclass(frozen=True, slots=True)
class Measures:
    """Numbers taken from a dataset, of one field or one band, without nodata and nulls.

    distinct: (value, count) pairs, ascending by value, empty when there are more than the asked limit.  percentiles: 0, 0.5, 1, ... 100
    per cent, 201 numbers.  sample: a few thousand values for class limits.  exact: every value was read, not a sample.
    nulls: features without the value.  combinations: of the values of several fields, in the place of distinct.
    """

    count: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    distinct: tuple[tuple[str | float | int | bool | None, int], ...] = ()
    distinct_is_whole: bool = False
    percentiles: tuple[float, ...] = ()
    sample: tuple[float, ...] = ()
    exact: bool = False
    nulls: int = 0
    combinations: tuple[tuple[tuple[str | float | int | bool | None, ...], int], ...] = ()
