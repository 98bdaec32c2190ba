"""What may be asked, in no protocol's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from rendermap.access.grant import PUBLIC, Principal
from rendermap.environment import Environment as Environment
from rendermap.geo.shape import Shape
from rendermap.geo.tiling import TileAddress
from rendermap.geo.turning import turned
from rendermap.geo.view import MapView
from rendermap.geo.worlds import in_one_world

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job, asked for by someone.  service: ``[folder/]name``."""

    service: str
    job_id: str
    principal: Principal = PUBLIC


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """A task, to be run for someone.  service: ``[folder/]name``.  inputs: plain JSON values by parameter name.

    misspelt: what is wrong with the texts that stood for further inputs, by parameter name.  faults: of the rest of the question.
    """

    service: str
    task: str
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    principal: Principal = PUBLIC
    environment: Environment = field(default_factory=Environment)
    misspelt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class LayerMode(StrEnum):
    """How a layer list is meant."""

    DEFAULT = "default"
    SHOW = "show"
    HIDE = "hide"
    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """Which layers.

    mode: default (those visible by default), show (only ids), hide (all but ids), include (default and ids), exclude (default but ids).
    """

    mode: LayerMode = LayerMode.DEFAULT
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From when until when, in milliseconds since 1970, both included; None for no bound.

    untimed: ids of layers that are shown whatever the time.  cumulative: of those that show all that was there before as well.
    """

    start_ms: float | None = None
    end_ms: float | None = None
    untimed: tuple[int, ...] = ()
    cumulative: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ComposedLayer:
    """A layer of a map that the request composes itself.

    id: its own in that map.  layer: the job's layer that is drawn.  where: as a filter of a `MapRequest`, "" for none.  look: what is
    drawn otherwise, drawingInfo as JSON, "" for nothing.  min_scale_denominator, max_scale_denominator: farthest and nearest scale, None
    for those of the layer, which are never widened.
    """

    id: int
    layer: int
    where: str = ""
    look: str = ""
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None


@dataclass(frozen=True, slots=True)
class MapRequest:
    """A picture of a job.

    format: a name of `imaging.formats.FORMATS`.  background: None for transparent.  filters: (layer id, SQL-92 subset) pairs.
    quality: 1 to 100 for lossy formats, None for the format's own.  rotation_deg: of what is on it, about the view's centre,
    counter-clockwise.  composition: top first, in place of layers and filters; None for the map as it is.
    time: of layers with a time, None for all.
    """

    job: JobRequest
    view: MapView
    layers: LayerChoice = LayerChoice()
    format: str = "png"
    background: RGB | None = None
    filters: tuple[tuple[int, str], ...] = ()
    quality: int | None = None
    rotation_deg: float = 0.0
    composition: tuple[ComposedLayer, ...] | None = None
    time: TimeSpan | None = None

    @property
    def drawn_view(self) -> MapView:
        """The view, in one world and turned.  Raises NotSupported."""
        view = in_one_world(self.view)
        return turned(view, self.rotation_deg) if self.rotation_deg else view


@dataclass(frozen=True, slots=True)
class TileRequest:
    """One tile of a job.  size_px: device pixels per side.  pixel_ratio: 2 for ``@2x``."""

    job: JobRequest
    tile: TileAddress
    size_px: int = 256
    pixel_ratio: float = 1.0
    layers: LayerChoice = LayerChoice()
    format: str = "png"


@dataclass(frozen=True, slots=True)
class LegendRequest:
    """The legend of a job.  swatch_px: (width, height) at ratio 1.  composition: as of a `MapRequest`.

    is_opaque: without the transparency of layers whose asker knows it, for clients that lay it on the swatches themselves.
    """

    job: JobRequest
    layers: LayerChoice = LayerChoice(LayerMode.HIDE)
    pixel_ratio: float = 1.0
    swatch_px: tuple[int, int] = (20, 20)
    composition: tuple[ComposedLayer, ...] | None = None
    is_opaque: bool = False


@dataclass(frozen=True, slots=True)
class LegendSheetRequest:
    """The legend of a job as one picture.  dark: for a dark page."""

    legend: LegendRequest
    format: str = "png"
    dark: bool = False
    title: str | None = None


class Relation(StrEnum):
    """How features must lie to the shape that is asked about; contains: the shape contains the feature; boxes: their boxes meet."""

    INTERSECTS = "intersects"
    CONTAINS = "contains"
    WITHIN = "within"
    CROSSES = "crosses"
    OVERLAPS = "overlaps"
    TOUCHES = "touches"
    BOXES = "boxes"


@dataclass(frozen=True, slots=True)
class SpatialFilter:
    """Where features are asked for.  distance_m: on the ground, around the shape.  reach: around it as well, in units of crs."""

    shape: Shape
    crs: str
    relation: Relation = Relation.INTERSECTS
    distance_m: float = 0.0
    reach: float = 0.0


class Wanted(StrEnum):
    """What is asked of the features that were found."""

    FEATURES = "features"
    IDS = "ids"
    COUNT = "count"
    EXTENT = "extent"
    DISTINCT = "distinct"
    STATISTICS = "statistics"


class Sum(StrEnum):
    """What is made of a field's values; nulls count for nothing."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    STDDEV = "stddev"
    VAR = "var"


@dataclass(frozen=True, slots=True)
class Statistic:
    """kind: of the values of field.  name: of the column in the answer."""

    kind: Sum
    field: str
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """A field, or a statistic's name, to sort by; nulls come last."""

    field: str
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class FeaturesRequest:
    """Features of one layer.

    where: SQL-92 subset.  text: what the layer's display field holds somewhere.  fields: None for all that may be told.  out_crs: None for
    the map's.  limit: None for as many as one answer may hold.  tolerance: in units of out_crs, by which shapes may be simplified.
    decimals: of coordinates, None for all.  with_z: with heights where there are any.  time: as of a `MapRequest`.
    """

    job: JobRequest
    layer: int
    where: str = ""
    text: str = ""
    ids: tuple[int, ...] | None = None
    spatial_filter: SpatialFilter | None = None
    wanted: Wanted = Wanted.FEATURES
    fields: tuple[str, ...] | None = None
    with_shapes: bool = True
    out_crs: str | None = None
    order: tuple[Order, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    group_by: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None
    tolerance: float = 0.0
    decimals: int | None = None
    with_z: bool = False
    time: TimeSpan | None = None


@dataclass(frozen=True, slots=True)
class FindRequest:
    """Features of several layers that hold a text in one of their fields.

    contains: somewhere in it, else the whole value.  fields: None for all that may be told.  layers: ids, of which those are passed over
    that may not be searched.  filters, time: as of a `MapRequest`.
    The rest is as of a `FeaturesRequest`.
    """

    job: JobRequest
    text: str
    layers: tuple[int, ...]
    contains: bool = True
    fields: tuple[str, ...] | None = None
    filters: tuple[tuple[int, str], ...] = ()
    with_shapes: bool = True
    out_crs: str | None = None
    tolerance: float = 0.0
    decimals: int | None = None
    time: TimeSpan | None = None


class Depth(StrEnum):
    """How deep a map is looked into: the topmost layer with anything there, all that are drawn, or those that are not drawn too."""

    TOP = "top"
    VISIBLE = "visible"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class IdentifyRequest:
    """What stands at a place of a picture.

    shape: in view's CRS.  view: the picture that is looked at.  tolerance_px: around the shape.  ids: of layers, None for the usual.
    with_shapes: of those features whose shapes may be told.  tolerance, decimals, with_z: as of a `FeaturesRequest`, in the view's CRS.
    The rest is as of a `MapRequest`.
    """

    job: JobRequest
    shape: Shape
    view: MapView
    tolerance_px: float = 0.0
    depth: Depth = Depth.TOP
    ids: tuple[int, ...] | None = None
    filters: tuple[tuple[int, str], ...] = ()
    composition: tuple[ComposedLayer, ...] | None = None
    time: TimeSpan | None = None
    with_shapes: bool = True
    tolerance: float = 0.0
    decimals: int | None = None
    with_z: bool = False
