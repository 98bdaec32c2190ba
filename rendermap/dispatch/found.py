"""What a worker found of features, and of a raster's cells."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.geo.shape import Shape

Value = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Found:
    """rows: values as the plan's fields have them, dates as milliseconds since 1970.  shapes, ids: of the rows, where they are features.

    count: of all that was found.  bounds: (xmin, ymin, xmax, ymax) around it in the plan's out_crs.  is_more: the answer is not all of it.
    """

    rows: tuple[tuple[Value, ...], ...] = ()
    ids: tuple[int, ...] = ()
    shapes: tuple[Shape | None, ...] = ()
    count: int = 0
    bounds: tuple[float, float, float, float] | None = None
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """values: of the bands that are drawn, none where there is no data.  label: of the class that it is drawn in, "" for none."""

    values: tuple[float, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """cells: one for each position that was asked about, None where it does not lie on the raster."""

    cells: tuple[Cell | None, ...]
