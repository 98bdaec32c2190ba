"""The waist: everything a worker needs to know, immutable and digested.

A plan is made only from a Grant, its digest is the cache key, and below it nobody knows which protocol asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NewType

from rendermap.access.grant import Grant
from rendermap.geo.bbox import BBox
from rendermap.geo.finest import Finest
from rendermap.geo.lattice import Lattice
from rendermap.geo.view import MapView
from rendermap.imaging.stamp import Stamp
from rendermap.jobs.job import DataSource, Layer
from rendermap.request import Order, SpatialFilter, Statistic, Wanted
from rendermap.symbology.expressions.tree import Expression, Operand
from rendermap.symbology.measuring import Need
from rendermap.symbology.style import Style, VectorTheme, style_digest

PlanDigest = NewType("PlanDigest", str)

RELEASE_EPOCH = 6
"""Raised when the same plan draws a different picture in a new release."""


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One layer to draw.

    style: resolved.  style_key: its digest, so that workers keep maps warm.  crs: of the data, never None.  rest_key: of the style at
    all scales, where it differs: a layer that fails rests as a whole (`Breaker`).  finest: the grid of the one picture that the layer is
    cut from, where the view is finer than it.  is_filtered: by what a request asks for, so that nothing should be kept for it.
    asked: what a request asks for besides the style's filter, and engines cannot; told by style_key as well.
    """

    id: int
    layer: Layer
    crs: str
    style: Style
    style_key: str
    rest_key: str = ""
    finest: Finest | None = None
    is_filtered: bool = False
    asked: Expression | None = None


@dataclass(frozen=True, slots=True)
class MapPlan:
    """A picture to draw.  layers: bottom first.  background: RGB or None for transparent.  format: a row of `imaging.formats`.

    lattice: the grid that the view lay on before it was moved by a thousandth of a pixel, which all tiles of a zoom share; of pictures
    with labels, whose digest it is no part of.  clip_deg: the part of the earth that is shown, None where the view lies inside it.
    stamp: what the picture tells of its job, None for nothing.
    """

    view: MapView
    layers: tuple[LayerPlan, ...]
    background: tuple[int, int, int] | None
    format: str
    quality: int | None = None
    lattice: Lattice | None = None
    clip_deg: BBox | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class SwatchLayer:
    """One layer of a legend.

    geometry: ``point``, ``line``, ``polygon`` or ``raster``.  group: heading over it and its neighbours.  style_key: the style's digest,
    "" to have it made.
    """

    id: int
    name: str
    geometry: str
    style: Style
    layer: Layer | None = None
    group: str = ""
    style_key: str = ""


@dataclass(frozen=True, slots=True)
class LegendPlan:
    """Swatches to draw, top layer first; sheet None for single swatches, else the sheet's look."""

    layers: tuple[SwatchLayer, ...]
    pixel_ratio: float
    swatch_px: tuple[int, int]
    sheet: SheetPlan | None = None


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """The whole legend as one picture."""

    title: str
    dark: bool
    format: str


@dataclass(frozen=True, slots=True)
class WatermarkPlan:
    """A text to lay over a picture that was drawn before, for one asker: it has no digest and is kept by nobody.

    body: the picture, as PNG.  corner_px: see `imaging.watermark`.  format, background, quality, stamp: as
    of a `MapPlan`, of the answer.
    """

    body: bytes
    text: str
    corner_px: tuple[int, int]
    pixel_ratio: float
    format: str
    background: tuple[int, int, int] | None = None
    quality: int | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True)
class InspectPlan:
    """A look into a dataset: what it truly is and which reader can draw it."""

    source: DataSource
    expect: Literal["raster", "vector", "table", "any"] = "any"


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """Numbers to take from a dataset.  field: for vectors; band: for rasters.  distinct_limit: give up listing values beyond it.

    fields, value, where: as `Need` has them.
    """

    layer: Layer
    field: str | None = None
    band: int = 1
    distinct_limit: int = 256
    fields: tuple[str, ...] = ()
    value: Operand | None = None
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class PreparePlan:
    """A layer to turn into what draws faster on maps in a CRS: behind the pictures, and never needed for them."""

    layer: LayerPlan
    crs: str


@dataclass(frozen=True, slots=True)
class FeaturesPlan:
    """Features to find.  What may be told is decided: worse coordinates and numbers are made first, and the question is asked of them.

    crs: of the data.  id_field: the name that the features' ids go by.  decimals: that numbers are rounded to, by field.
    definition: what the layer draws at all, of the data's true values; theme: leaves out besides what no class of it draws.
    extent_deg, cell: the part of the earth, and the side in units of crs of the grid on which coordinates lie; None for all and as they
    are.  The rest is as of a `request.FeaturesRequest`, every name spelled as the data has it.  limit: of rows.
    """

    layer: Layer
    crs: str
    out_crs: str
    id_field: str
    fields: tuple[str, ...]
    wanted: Wanted = Wanted.FEATURES
    limit: int = 1000
    offset: int = 0
    decimals: tuple[tuple[str, int], ...] = ()
    definition: Expression | None = None
    theme: VectorTheme | None = None
    extent_deg: BBox | None = None
    cell: float | None = None
    where: Expression | None = None
    ids: tuple[int, ...] | None = None
    spatial_filter: SpatialFilter | None = None
    order: tuple[Order, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    group_by: tuple[str, ...] = ()
    with_shapes: bool = True
    with_z: bool = False
    tolerance: float = 0.0
    coordinate_decimals: int | None = None


@dataclass(frozen=True, slots=True)
class IdentifyPlan:
    """Cells of a raster to read as they are drawn.

    positions: (x, y) in the layer's CRS.  cell: the side, in units of that CRS, of the grid that the raster is not shown finer than; None
    for the raster's own.
    """

    layer: LayerPlan
    positions: tuple[tuple[float, float], ...]
    cell: float | None = None


Plan = MapPlan | LegendPlan | InspectPlan | MeasurePlan | WatermarkPlan | PreparePlan | FeaturesPlan | IdentifyPlan


def plan_digest(grant: Grant, plan: Plan) -> PlanDigest:
    """The cache key of a plan, and what its picture's ETag says.

    The grant is demanded; of it service and job are digested and never the principal: whoever may ask shares the picture, whoever
    may not never gets a key.  Data is named by job and by its place in the job's folder, so replicas with other mounts agree.
    """
    job = (grant.service, grant.job_id) if _shows_data(plan) else None
    return PlanDigest(hashlib.blake2b(repr((RELEASE_EPOCH, job, _essence(plan))).encode(), digest_size=16).hexdigest())


def cache_key(grant: Grant, plan: Plan, digest: PlanDigest) -> str:
    """What a plan's picture is kept under: it begins with its job, so that it can be dropped with it; blank pictures are no job's."""
    return f"{job_digest(grant.service, grant.job_id) if _shows_data(plan) else 'blank'}/{digest}"


@lru_cache(1024)
def job_digest(service: str, job_id: str) -> str:
    """Names a job in cache keys."""
    return hashlib.blake2b(repr((service, job_id)).encode(), digest_size=16).hexdigest()


def _shows_data(plan: Plan) -> bool:
    """False for blank pictures, which are the same for all jobs."""
    return bool(plan.layers) if isinstance(plan, MapPlan | LegendPlan) else True


def _essence(plan: Plan) -> object:
    """What makes the picture; a style stands for itself by its digest, which is made once and not for every tile."""
    if isinstance(plan, MapPlan):
        drawn = tuple((p.id, _place(p.layer), p.crs, p.style_key, p.finest) for p in plan.layers)
        return "map", plan.view, drawn, plan.background, plan.format, plan.quality, plan.clip_deg, plan.stamp
    if isinstance(plan, LegendPlan):
        swatches = tuple(
            (s.id, s.name, s.group, s.geometry, s.style_key or style_digest(s.style), s.layer and _place(s.layer)) for s in plan.layers
        )
        return "legend", swatches, plan.pixel_ratio, plan.swatch_px, plan.sheet
    return plan


def _place(layer: Layer) -> tuple[str, str | None, str, str]:
    """Which version of which data, and how it is read."""
    source = layer.source
    return _relative(source.path, source.root), source.member, source.fingerprint, layer.reader


@lru_cache(4096)
def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def measure_plan(layer: Layer, need: Need) -> MeasurePlan:
    """What asks a worker for a need."""
    return MeasurePlan(layer, need.field, need.band, need.distinct_limit, need.fields, need.value, need.where)


def layer_plan(id: int, layer: Layer, crs: str, style: Style) -> LayerPlan:
    """A LayerPlan with its style digested once."""
    return LayerPlan(id, layer, crs, style, style_digest(style))
