"""What is asked of a place in a picture -> which layers are looked into, and what their workers are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from rendermap.access.grant import Bounds, Operation
from rendermap.cards import scale_range
from rendermap.disclosure import Disclosure
from rendermap.dispatch.breaker import FAILURES
from rendermap.dispatch.found import Cells
from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, layer_plan
from rendermap.drawables import Drawable
from rendermap.errors import Broken, SourceUnreadable
from rendermap.filtering import definition_of
from rendermap.geo.bbox import BBox
from rendermap.geo.crs import WGS84, metres_per_unit, transformer
from rendermap.geo.extent import is_within
from rendermap.geo.shape import Position
from rendermap.geo.turns import carry, turn_of, turns_onto
from rendermap.geo.view import PIXEL_M
from rendermap.queries import Queried
from rendermap.reply import CellHit, Features, Hit, Hits
from rendermap.request import Depth, FeaturesRequest, IdentifyRequest, LayerChoice, LayerMode, SpatialFilter
from rendermap.symbology.facts import RasterFacts
from rendermap.symbology.scales import at_scale
from rendermap.symbology.style import RGB, Classified, Colormap, Rules, UniqueRaster, VectorTheme

MOST_HITS = 100
"""That one answer holds where the service hands out no features at all."""

MOST_CELLS = 100
_PT_PX = 96 / 72
_log = structlog.get_logger("rendermap.service")


@dataclass(frozen=True, slots=True)
class Looked:
    """A layer that is looked into.  id: its own, or what it has in a composed map."""

    id: int
    drawable: Drawable
    disclosure: Disclosure

    @property
    def is_raster(self) -> bool:
        """Whether it has cells, and not features."""
        return self.drawable.layer is not None and isinstance(self.drawable.layer.facts, RasterFacts)


LayerHits = tuple[tuple[Hit | CellHit, ...], bool]
"""What a layer tells, and whether it has more."""

Ask = Callable[[Looked], Awaitable[LayerHits]]


def usual_choice(request: IdentifyRequest) -> LayerChoice:
    """The layers that are named, or all, or those that are drawn unless somebody says otherwise."""
    if request.ids is not None:
        return LayerChoice(LayerMode.SHOW, request.ids)
    return LayerChoice(LayerMode.HIDE) if request.depth is Depth.ALL else LayerChoice()


def looked_into(layers: Iterable[Looked], request: IdentifyRequest) -> tuple[Looked, ...]:
    """Those that may be asked, that can be drawn, and that the request reaches at its scale; top first."""
    scale = request.view.scale_denominator
    may = (one for one in layers if one.disclosure.level is not Operation.VIEW and one.drawable.layer and one.drawable.style)
    return tuple(one for one in may if request.depth is Depth.ALL or _is_drawn(one.drawable, scale))


async def gathered(layers: Iterable[Looked], ask: Ask, limit: int, depth: Depth) -> Hits:
    """What the layers tell, so many hits at most; one that fails is left out.  Raises Broken where nothing but failures was found."""
    found: list[Hit | CellHit] = []
    failed: list[Broken] = []
    for looked in layers:
        try:
            hits, is_more = await ask(looked)
        except FAILURES as error:
            _log.warning("layer not asked", layer=looked.drawable.tool.name, sentence=error.sentence, reason=error.reason)
            failed.append(error)
            continue
        found += hits
        if len(found) > limit or is_more:
            return Hits(tuple(found[:limit]), True)
        if found and depth is Depth.TOP:
            break
    if failed and not found:
        raise failed[0]
    return Hits(tuple(found))


def _is_drawn(drawable: Drawable, scale: float) -> bool:
    farthest, nearest = scale_range(drawable)
    if (farthest and scale > farthest) or (nearest and scale < nearest):
        return False
    assert drawable.style
    style = at_scale(drawable.style, scale)
    rules = style.theme.rules if isinstance(style.theme, Rules) else None
    return rules is None or bool(style.labels) or any(rule.symbol.layers for rule in rules)


# --- features ---------------------------------------------------------------------------------------------------------


def features_plan(looked: Looked, request: IdentifyRequest, bounds: Bounds, crs: str, limit: int) -> tuple[FeaturesRequest, FeaturesPlan]:
    """What is asked of a layer of features, and what the worker is told.  crs: of the map.  Raises InvalidFilter."""
    view = request.view
    # a symbol is hit where it is drawn, and it is drawn as far around its feature as it reaches
    reach_px = max(request.tolerance_px, looked.drawable.reach_pt * _PT_PX * view.pixel_ratio)
    asked = FeaturesRequest(
        request.job, looked.drawable.tool.id, spatial_filter=SpatialFilter(request.shape, view.crs, reach=reach_px * view.resolution),
        with_shapes=request.with_shapes, out_crs=view.crs, limit=limit, tolerance=request.tolerance, decimals=request.decimals,
        with_z=request.with_z,
    )  # fmt: skip
    plan = queried(looked, bounds, crs, limit).plan(asked)
    return asked, replace(plan, definition=definition_of(looked.drawable, looked.disclosure), theme=_theme(looked.drawable, request))


def queried(looked: Looked, bounds: Bounds, crs: str, limit: int) -> Queried:
    """The layer as queries have it."""
    return Queried(looked.drawable, looked.disclosure, bounds, crs, limit)


def _theme(drawable: Drawable, request: IdentifyRequest) -> VectorTheme | None:
    """By what classes features are drawn, at the scale that is looked at; None where what no class draws may have its label there."""
    assert drawable.style
    style = drawable.style if request.depth is Depth.ALL else at_scale(drawable.style, request.view.scale_denominator)
    is_labelled = any(not label.of_drawn_only for label in style.labels)
    return style.theme if isinstance(style.theme, VectorTheme) and not is_labelled else None


def feature_hits(looked: Looked, found: Features) -> tuple[Hit, ...]:
    """The features that were found."""
    told = looked.drawable.tool.name, found.display_field, found.fields
    return tuple(Hit(looked.id, *told, feature, found.geometry, found.crs) for feature in found.features)


# --- rasters ----------------------------------------------------------------------------------------------------------


def positions_of(request: IdentifyRequest, bounds: Bounds) -> tuple[tuple[float, float], ...]:
    """Where rasters are asked: at each point, or in the middle of the box around anything else; nowhere outside of what is granted."""
    spots = [position for part in request.shape.parts for path in part for position in path]
    if request.shape.kind != "point":
        xs, ys = [spot[0] for spot in spots], [spot[1] for spot in spots]
        spots = [((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)] if spots else []
    extent = BBox(*bounds.extent_deg) if bounds.extent_deg else None
    return tuple((x, y) for x, y, *_ in spots[:MOST_CELLS] if extent is None or _lies_in(extent, (x, y), request.view.crs))


def _lies_in(extent: BBox, position: Position, crs: str) -> bool:
    lon, lat = transformer(crs, WGS84).transform(position[0], position[1])
    return bool(is_within(extent, np.array(lon), np.array(lat)))


def cells_plan(looked: Looked, request: IdentifyRequest, spots: Sequence[tuple[float, float]], bounds: Bounds) -> IdentifyPlan:
    """What the worker is told.  Raises SourceUnreadable for a layer that cannot be read."""
    drawable = looked.drawable
    if drawable.layer is None or drawable.style is None or drawable.crs is None:
        raise SourceUnreadable(drawable.fault)
    with np.errstate(all="ignore"):
        positions = carry(np.array(spots, np.float64), request.view.crs, drawable.crs)
    placed = tuple(_turned_onto(drawable.layer.bbox, (x, y), drawable.crs) for x, y in positions.tolist())
    scale = max(bounds.finest_scale_denominator or 0.0, drawable.tool.finest_scale_denominator or 0.0)
    cell = scale * PIXEL_M / metres_per_unit(drawable.crs) if scale else None
    return IdentifyPlan(layer_plan(drawable.tool.id, drawable.layer, drawable.crs, drawable.style), placed, cell)


def _turned_onto(box: BBox | None, spot: tuple[float, float], crs: str) -> tuple[float, float]:
    """The place as often around the earth as it takes to lie on a raster, if it does so at all."""
    turn = turn_of(crs)
    ways = turns_onto(spot[0], spot[0], (box.xmin, box.xmax), turn) if turn and box else ()
    return (spot[0] + ways[0] * turn.width, spot[1]) if turn and ways else spot


def cell_hits(looked: Looked, request: IdentifyRequest, spots: Sequence[tuple[float, float]], read: Cells) -> tuple[CellHit, ...]:
    """The cells on the raster; where only the topmost thing is asked for, cells that show nothing are looked through."""
    found = []
    for (x, y), cell in zip(spots, read.cells, strict=True):
        if cell is not None and (cell.values or request.depth is not Depth.TOP):
            values = tuple(_rounded(value, looked.drawable.tool.decimals) for value in cell.values)
            found.append(
                CellHit(looked.id, looked.drawable.tool.name, _theme_of(looked.drawable), values, cell.label, x, y, request.view.crs)
            )
    return tuple(found)


def _rounded(value: float, decimals: object) -> float:
    return round(value, decimals) if isinstance(decimals, int) else value


def _theme_of(drawable: Drawable) -> str:
    match drawable.style and drawable.style.theme:
        case Classified():
            return "classes"
        case UniqueRaster() | Colormap():
            return "values"
        case RGB():
            return "bands"
    return "stretch"
