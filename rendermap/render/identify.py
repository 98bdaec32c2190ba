"""What a raster has at a place: the value of its cell as pictures show it, and the class that it is drawn in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.found import Cell, Cells
from rendermap.dispatch.plan import IdentifyPlan, LayerPlan
from rendermap.errors import SourceUnreadable
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.gdb_raster import probe_values
from rendermap.render.paint import hidden_cells
from rendermap.render.raster import draw_blocks
from rendermap.render.raster_patch import Patch
from rendermap.render.raster_theme import raster_theme
from rendermap.render.resample import Sampler
from rendermap.render.warm_rasters import warm_rasters
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.style import RGB, Classified, Colormap, RasterTheme, Stretch, UniqueRaster


def find_cells(plan: IdentifyPlan) -> Cells:
    """The cells of a plan.  Raises SourceUnreadable, SourceRefused, StyleInvalid."""
    return Cells(tuple(_cell_at(plan, x, y) for x, y in plan.positions))


def _cell_at(plan: IdentifyPlan, x: float, y: float) -> Cell | None:
    facts, box = plan.layer.layer.facts, plan.layer.layer.bbox
    if not isinstance(facts, RasterFacts) or box is None:
        raise SourceUnreadable(reason="cells are asked of what is no raster")
    if not (box.xmin <= x <= box.xmax and box.ymin <= y <= box.ymax):
        return None
    side = max(plan.cell or 0.0, *facts.pixel)
    if plan.cell:
        x, y = _middle(x, plan.cell), _middle(y, plan.cell)
    view = MapView(BBox(x - side / 2, y - side / 2, x + side / 2, y + side / 2), plan.layer.crs, 1, 1)
    values = _probed(plan.layer, view) if plan.layer.layer.reader == "gdal" else _drawn(plan.layer, view)
    if values is None or not all(map(math.isfinite, values.tolist())):
        return Cell()
    return Cell(tuple(values.astype(np.float64).tolist()), _label_of(raster_theme(plan.layer.style.theme), values[0]))


def _middle(value: float, step: float) -> float:
    return (math.floor(value / step) + 0.5) * step


def _drawn(plan: LayerPlan, view: MapView) -> NDArray[Any] | None:
    """The values that the one pixel of a view is coloured by, None where it shows no data."""
    found: list[NDArray[Any]] = []

    def read(patch: Patch, sampler: Sampler) -> NDArray[Any]:
        places = np.arange(1, patch.cells[0].size + 1, dtype=np.uint32).reshape(patch.cells.shape[1:])
        place = int(sampler.pick(places).ravel()[0])
        hidden = hidden_cells(raster_theme(plan.style.theme), patch)
        if place and _has_data(patch, place - 1) and not (hidden is not None and hidden.ravel()[place - 1]):
            found.append(patch.cells.reshape(len(patch.cells), -1)[:, place - 1].copy())
        return np.zeros((1, 1, 4), np.uint8)

    draw_blocks(warm_rasters().get(plan.layer), plan, view, np.zeros((1, 1, 4), np.uint8), read)
    return found[0] if found else None


def _has_data(patch: Patch, place: int) -> bool:
    is_valid = patch.valid is None or bool(patch.valid.ravel()[place])
    return is_valid and (patch.alpha is None or bool(patch.alpha.ravel()[place]))


def _probed(plan: LayerPlan, view: MapView) -> NDArray[np.float64] | None:
    """The same of a raster in a file geodatabase."""
    theme = raster_theme(plan.style.theme)
    read = [probe_values(plan.layer, band, view.bbox)[0] for band in _bands_of(theme)]
    if any(not len(values) for values in read):
        return None
    values = np.asarray([band[0] for band in read])
    if isinstance(theme, Stretch | RGB) and theme.background is not None and np.array_equal(values, np.atleast_1d(theme.background)):
        return None
    return values


def _bands_of(theme: RasterTheme) -> tuple[int, ...]:
    if isinstance(theme, RGB):
        return tuple(number for number in (*theme.bands, theme.black_band) if number) or (1,)
    return (theme.band,)


def _label_of(theme: RasterTheme, value: Any) -> str:
    """The label of the class that a value, of the cells' own type, is drawn in."""
    match theme:
        case Classified():
            return _class_label(theme, value)
        case UniqueRaster():
            return next((one.label for one in theme.classes if float(value) in one.values), theme.default_label)
        case Colormap():
            return next((label for entry, _, label in theme.entries if entry == value), "")
    return ""


def _class_label(theme: Classified, value: Any) -> str:
    if any(low <= value <= high for low, high in theme.excluded):
        return theme.excluded_label
    kind = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
    if theme.minimum is not None and value < kind.type(theme.minimum):
        return ""
    return next((one.label for one in theme.classes if value <= kind.type(one.upper)), "")
