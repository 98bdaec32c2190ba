"""Draws rasters inside file geodatabases: only Mapnik's GDAL opens them, and it gives colours, never values."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import NotSupported, RenderFailed, SourceUnreadable, StyleInvalid
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WEB_MERCATOR
from rendermap.geo.view import MapView
from rendermap.imaging.posterise import posterised
from rendermap.jobs.job import Layer
from rendermap.render.colorize import Pixels, color_classified, limits_of, pixels_of, positions_of, ramp_colors
from rendermap.render.engine import mapnik
from rendermap.render.mapnik_xml import to_srs
from rendermap.render.raster_source import Affine
from rendermap.render.raster_theme import raster_theme
from rendermap.render.warp import Mesh, locate, points_of
from rendermap.symbology.adjustment import adjust
from rendermap.symbology.facts import Band, RasterFacts
from rendermap.symbology.style import (
    RGB,
    Classified,
    Colormap,
    RasterTheme,
    ShadedRelief,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import TRANSPARENT, Color, Ramp

_RAMP_STOPS = 128
_LOWEST = -3.4e38
_OPEN_DATASETS = 16
_PROBES_PER_SIDE = 100
_GRAY = Ramp(((0.0, Color(0, 0, 0)), (1.0, Color(255, 255, 255))))
_ALL_CELLS = 0
_OPAQUE = Color(255, 255, 255)

Stop = tuple[float, str, Color]


def draw_geodatabase_raster(plan: LayerPlan, view: MapView) -> Pixels:
    """The picture of a raster in a file geodatabase: (height, width, 4) uint8, straight alpha, cells as they are.

    Raises NotSupported for relief, which needs heights, StyleInvalid, SourceUnreadable, RenderFailed.
    """
    style, theme = plan.style, raster_theme(plan.style.theme)
    bands = plan.layer.facts.bands if isinstance(plan.layer.facts, RasterFacts) else ()
    if isinstance(theme, ShadedRelief) or (isinstance(theme, Stretch) and theme.relief is not None):
        raise NotSupported("Shaded relief is not drawn for a raster inside a file geodatabase.")
    if isinstance(theme, RGB):
        picture = _composite(plan, view, theme, bands)
        if style.colors:
            picture = posterised(picture, style.colors)
            picture[..., 3] = np.where(picture[..., 3] < 128, 0, 255)
    else:
        stops = _stops_of(theme, _band(bands, theme.band), is_stepped=bool(style.colors))
        picture = _draw(plan, view, theme.band, stops, getattr(theme, "default", None))
    if style.adjustment is not None:
        picture = adjust(picture, style.adjustment)
    _paint_background(picture, plan, view, theme)
    # Masked cells read as zero when a band is named; without one Mapnik gives the mask as alpha.
    missing = _render(plan.layer, plan.crs, view, _ALL_CELLS, None)[..., 3] == 0
    picture[missing] = 0
    if style.nodata_color is not None:
        picture[missing & _on_raster(plan, view)] = style.nodata_color
    return picture


def probe_values(layer: Layer, band: int, box: BBox | None = None) -> tuple[NDArray[np.float64], bool]:
    """Values of cells on a regular grid, without those that hold no data, and whether these are all cells there are.

    box: part of the raster, in its CRS; None for the whole.
    """
    facts, box = layer.facts, box or layer.bbox
    if not isinstance(facts, RasterFacts) or box is None:
        return np.empty(0), True
    whole = box == layer.bbox
    cells = (facts.width, facts.height) if whole else (box.width / facts.pixel[0], box.height / facts.pixel[1])
    width, height = (min(max(1, round(side)), _PROBES_PER_SIDE) for side in cells)
    crs = layer.crs or WEB_MERCATOR  # nothing is carried over: the grid is in the raster's own CRS
    hidden = _render(layer, crs, MapView(box, crs, width, height), _ALL_CELLS, None)[..., 3] == 0
    datasource = _datasource(layer.open_name, layer.source.fingerprint, band)
    values: list[float] = []
    for row, col in np.argwhere(~hidden):
        x, y = box.xmin + (col + 0.5) * box.width / width, box.ymax - (row + 0.5) * box.height / height
        values += [feature.attributes["value"] for feature in datasource.features_at_point(mapnik.Coord(float(x), float(y)), 0)]
    return np.asarray(values, np.float64), whole and (width, height) == (facts.width, facts.height)


def _composite(plan: LayerPlan, view: MapView, theme: RGB, bands: tuple[Band, ...]) -> Pixels:
    def channel(number: int, recipe: StretchRecipe) -> NDArray[np.uint8]:
        drawn: NDArray[np.uint8] = _draw(plan, view, number, _ramp_stops(_GRAY, recipe, _band(bands, number)))[..., 0]
        return drawn

    picture = np.full((view.height_px, view.width_px, 4), (0, 0, 0, 255), np.uint8)
    for part, (number, recipe) in enumerate(zip(theme.bands, theme.recipes, strict=True)):
        if number:
            picture[..., part] = channel(number, recipe)
    if theme.black_band:
        left = channel(theme.black_band, theme.black_recipe).astype(np.float32) / 255
        picture[..., :3] = np.rint(picture[..., :3] * left[..., np.newaxis])
    if theme.alpha_band:
        picture[..., 3] = channel(theme.alpha_band, StretchRecipe(StretchKind.NONE))
    return picture


def _paint_background(picture: Pixels, plan: LayerPlan, view: MapView, theme: RasterTheme) -> None:
    if isinstance(theme, Stretch) and theme.background is not None:
        pairs = [(theme.band, theme.background)]
    elif isinstance(theme, RGB) and theme.background is not None and all(theme.bands):
        pairs = list(zip(theme.bands, theme.background, strict=True))
    else:
        return
    hidden = np.logical_and.reduce([_draw(plan, view, band, [(value, "exact", _OPAQUE)])[..., 3] > 0 for band, value in pairs])
    picture[hidden] = theme.background_color or TRANSPARENT


def _on_raster(plan: LayerPlan, view: MapView) -> NDArray[np.bool_]:
    """Pixels that lie on the raster, whether their cell holds data or not."""
    facts, box = plan.layer.facts, plan.layer.bbox
    if not isinstance(facts, RasterFacts) or box is None:
        return np.zeros((view.height_px, view.width_px), np.bool_)
    place = locate(view, plan.crs, Affine(facts.pixel[0], 0, box.xmin, 0, -facts.pixel[1], box.ymax))
    cols, rows = points_of(place) if isinstance(place, Mesh) else (place.cols, place.rows)
    with np.errstate(invalid="ignore"):
        inside: NDArray[np.bool_] = (cols >= 0) & (rows >= 0) & (cols < facts.width) & (rows < facts.height)
    return inside


def _band(bands: tuple[Band, ...], number: int) -> Band:
    if not 1 <= number <= len(bands):
        raise StyleInvalid(reason=f"the raster has no band {number}")
    return bands[number - 1]


def _stops_of(theme: RasterTheme, band: Band, *, is_stepped: bool = False) -> list[Stop]:
    """Values from which a colour holds, ascending."""
    match theme:
        case Stretch():
            return _ramp_stops(theme.ramp, theme.recipe, band, between="discrete" if is_stepped else "linear")
        case Classified():
            return _class_stops(theme)
        case UniqueRaster():
            pairs = [(value, item.color) for item in theme.classes for value in item.values]
        case Colormap() if theme.entries:
            pairs = [(float(value), color) for value, color, _ in theme.entries]
        case _:
            raise StyleInvalid(reason="the raster has no colour table")
    return [(value, "exact", color) for value, color in sorted(pairs)]


def _ramp_stops(ramp: Ramp, recipe: StretchRecipe, band: Band, between: str = "linear") -> list[Stop]:
    low, high = limits_of(recipe, band.dtype)
    colors = [Color(*(int(part) for part in color)) for color in ramp_colors(ramp, positions_of(recipe, low, high, _RAMP_STOPS))]
    values = np.linspace(low, high, _RAMP_STOPS)
    return [(_LOWEST, "discrete", colors[0]), *((float(value), between, color) for value, color in zip(values, colors, strict=True))]


def _class_stops(theme: Classified) -> list[Stop]:
    """A stop wherever the colour may change: after a class's limit, which Esri's classes end with, the next number that a float32 holds."""
    limits = [item.upper for item in theme.classes if math.isfinite(item.upper)]
    edges = {_LOWEST if theme.minimum is None else theme.minimum, *(_after(limit) for limit in limits)}
    edges |= {edge for low, high in theme.excluded for edge in (low, _after(high))}
    ordered = np.asarray(sorted(edges))
    colors = pixels_of(color_classified(theme, ordered))
    return [(float(edge), "discrete", Color(*(int(v) for v in color))) for edge, color in zip(ordered, colors, strict=True)]


def _after(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def _draw(plan: LayerPlan, view: MapView, band: int, stops: list[Stop], default: Color | None = None) -> Pixels:
    return _render(plan.layer, plan.crs, view, band, _colorizer(stops, default))


def _render(layer: Layer, crs: str, view: MapView, band: int, colorizer: mapnik.RasterColorizer | None) -> Pixels:
    """One rendering by Mapnik: a band in the colours of a colorizer, or all bands as they are."""
    symbolizer, rule, style = mapnik.RasterSymbolizer(), mapnik.Rule(), mapnik.Style()
    if colorizer is not None:
        symbolizer.colorizer = colorizer
    rule.symbolizers.append(symbolizer)
    style.rules.append(rule)
    drawn = mapnik.Layer("raster", to_srs(crs))
    drawn.datasource = _datasource(layer.open_name, layer.source.fingerprint, band)
    drawn.styles.append("raster")
    document = mapnik.Map(view.width_px, view.height_px, to_srs(view.crs))
    document.append_style("raster", style)
    document.layers.append(drawn)
    document.aspect_fix_mode = mapnik.aspect_fix_mode.RESPECT
    document.zoom_to_box(mapnik.Box2d(*view.bbox.corners))
    image = mapnik.Image(view.width_px, view.height_px)
    try:
        mapnik.render(document, image)
    except RuntimeError as error:
        raise RenderFailed(reason=f"{layer.open_name}: {error}") from error
    return np.frombuffer(image.to_string(), np.uint8).reshape(view.height_px, view.width_px, 4).copy()


def _colorizer(stops: list[Stop], default: Color | None) -> mapnik.RasterColorizer:
    modes = {"discrete": mapnik.COLORIZER_DISCRETE, "linear": mapnik.COLORIZER_LINEAR, "exact": mapnik.COLORIZER_EXACT}
    colorizer = mapnik.RasterColorizer(mapnik.COLORIZER_DISCRETE, mapnik.Color(*(default or TRANSPARENT)))
    for value, mode, color in stops:
        colorizer.add_stop(value, modes[mode], mapnik.Color(*color))
    return colorizer


def forget() -> None:
    """Close all datasets."""
    _datasource.cache_clear()


@lru_cache(maxsize=_OPEN_DATASETS)
def _datasource(open_name: str, fingerprint: str, band: int) -> mapnik.Datasource:
    del fingerprint  # a changed dataset is opened anew
    try:
        return mapnik.Gdal(file=open_name, band=band) if band else mapnik.Gdal(file=open_name)
    except RuntimeError as error:
        raise SourceUnreadable(reason=f"{open_name}: {error}") from error
