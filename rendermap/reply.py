"""What is answered, in no protocol's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rendermap.geo.bbox import BBox
from rendermap.geo.shape import Shape

Value = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture.

    digest: names the plan it was drawn from, and is known before it is drawn.  bbox, crs: what it shows, easting first.  empty: nothing
    was drawn, the picture is background only.  max_age_s: how long a client may keep it without asking again.  is_whole: False when a
    layer is left out that may draw again soon; such a picture must not be kept, whatever its address.  is_public: everybody would be
    shown the same.  is_kept: False for one that is made for its asker alone, which nobody keeps.
    """

    body: bytes
    media_type: str
    digest: str
    width_px: int
    height_px: int
    bbox: BBox | None = None
    crs: str | None = None
    empty: bool = False
    max_age_s: int = 0
    is_whole: bool = True
    is_public: bool = True
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A label and its swatch.  swatch: PNG, transparent.  values: what the class stands for, where the protocol tells it."""

    label: str
    swatch: bytes
    width_px: int
    height_px: int
    heading: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LegendLayer:
    """The legend of one layer, top layer first in a list of them."""

    id: int
    name: str
    kind: str
    min_scale_denominator: float | None
    max_scale_denominator: float | None
    heading: str
    entries: tuple[LegendEntry, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterCard:
    """A task's parameter, with the data type's GP name.

    layer_id: of its tool layer, if it has one.  minimum, maximum, geometry, columns: what a value must be, as
    `services.service.Parameter` has it.
    """

    name: str
    data_type: str
    display_name: str
    is_output: bool
    required: bool
    default: object
    description: str
    category: str
    choices: tuple[str, ...]
    layer_id: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    geometry: str | None = None
    columns: tuple[ParameterCard, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task as published."""

    name: str
    display_name: str
    description: str
    parameters: tuple[ParameterCard, ...]


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """A service as published.

    name: ``[folder/]name``.  maximum_records: that one answer holds.  over_limit: ``empty`` or ``truncate``.
    accepts_jobs: whoever asks may submit.  raster_identify_keys: ``pro`` or ``classic``.
    is_synchronous: clients wait for the results of a task.
    """

    name: str
    title: str
    description: str
    credits: str
    tasks: tuple[TaskCard, ...]
    maximum_records: int = 0
    over_limit: str = "empty"
    accepts_jobs: bool = False
    is_synchronous: bool = False
    raster_identify_keys: str = "pro"


@dataclass(frozen=True, slots=True)
class FieldCard:
    """A field whose values may be told.  kind: ``id``, or a `symbology.facts.FieldKind` value."""

    name: str
    kind: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class TimeCard:
    """When the features of a layer are there.

    end_field: None where each has one moment.  first_ms, last_ms: since 1970, in UTC.  step_ms: of how many milliseconds the steps are that
    times are asked about and told in, counted from 1970; None for exact times.
    """

    start_field: str
    end_field: str | None
    first_ms: float
    last_ms: float
    step_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LayerCard:
    """A layer of the map.

    kind: ``raster``, ``vector`` or ``group``.  geometry: ``point``, ``line``, ``polygon`` or None.
    bbox: in the map's CRS, None when unknown.  access: ``view``, ``identify`` or ``data``, as far as who asks may go; a raster's is never
    ``data``.  fault: why it does not draw, in safe words.  fields: whose values may be told, the features' own ids first.  display_field:
    the one that names a feature best, "" for none.  time: None for a layer without.  frame: in place of bbox, to show what lies on both
    sides of the antimeridian: its eastern side lies beyond it.
    """

    id: int
    name: str
    kind: str
    geometry: str | None = None
    parameter: str | None = None
    parent: int | None = None
    children: tuple[int, ...] = ()
    visible: bool = True
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    bbox: BBox | None = None
    access: str = "view"
    fault: str | None = None
    fields: tuple[FieldCard, ...] = ()
    display_field: str = ""
    time: TimeCard | None = None
    frame: BBox | None = None

    @property
    def home(self) -> BBox | None:
        """The box that shows the whole layer, in the map's CRS; None when unknown."""
        return self.frame or self.bbox


@dataclass(frozen=True, slots=True)
class MapCard:
    """The map of a job, or the template of a service (job_id None).  layers: by id, groups included.  bbox: in crs, easting first.

    max_px: largest picture side.  finest_m: metres of Web Mercator per pixel beyond which no layer shows more, None where features have no
    such bound.
    digest: names the version of what is drawn.  frame: as of a layer, of all of them together.
    """

    service: ServiceCard
    job_id: str | None
    title: str
    crs: str
    bbox: BBox
    layers: tuple[LayerCard, ...]
    max_px: int
    digest: str
    finest_m: float | None = None
    frame: BBox | None = None

    @property
    def home(self) -> BBox:
        """The box that shows the whole map, in crs; its eastern side may lie beyond the antimeridian."""
        return self.frame or self.bbox


@dataclass(frozen=True, slots=True)
class ResultCard:
    """One output or input of a job.

    value: for everything that is not a dataset.  layer_id: of the layer that draws it.  fault: why it cannot be shown.  note: what else is
    to be said of it.
    """

    name: str
    data_type: str
    display_name: str
    value: object = None
    layer_id: int | None = None
    fault: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class JobCard:
    """A job's state.

    status: a `jobs.job.JobStatus` value.  messages: (kind, text) pairs, already as quiet as the service wants them.
    heard: the kinds of messages that it wants told.  results: in the order of the task's parameters.
    progress: (what is being done, percent or None) while it runs and says so.
    out_crs, with_z: how features of its results are told where nobody asks otherwise, None for the map's.
    """

    service: str
    job_id: str
    status: str
    task: str | None
    created: datetime | None
    started: datetime | None
    finished: datetime | None
    inputs: tuple[ResultCard, ...] = ()
    results: tuple[ResultCard, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    heard: tuple[str, ...] = ("error", "warning", "informative")
    progress: tuple[str, float | None] | None = None
    out_crs: str | None = None
    with_z: bool = False


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature, or a row made of several.

    id: stays the same for as long as the dataset does, None for a row.  values: as `Features.fields` has them; dates are milliseconds
    since 1970.
    """

    id: int | None
    values: tuple[Value, ...]
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What was found in a layer.

    geometry: ``point``, ``line`` or ``polygon``, of the shapes.  crs: of the shapes and of bbox.  count, bbox: of everything that was
    found, where that was asked for.  is_more: there are more than this answer may hold.
    """

    fields: tuple[FieldCard, ...]
    geometry: str
    crs: str
    features: tuple[Feature, ...] = ()
    ids: tuple[int, ...] = ()
    count: int = 0
    bbox: BBox | None = None
    is_more: bool = False
    id_field: str = ""
    display_field: str = ""


@dataclass(frozen=True, slots=True)
class FoundText:
    """A feature that holds a text.  field: where; found: the value there.  fields: of the feature's values."""

    layer_id: int
    layer_name: str
    display_field: str
    field: str
    found: Value
    fields: tuple[FieldCard, ...]
    feature: Feature
    geometry: str
    crs: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A feature that stands at a place.  fields: of its values.  geometry, crs: of its shape."""

    layer_id: int
    layer_name: str
    display_field: str
    fields: tuple[FieldCard, ...]
    feature: Feature
    geometry: str
    crs: str


@dataclass(frozen=True, slots=True)
class CellHit:
    """A raster's cell at a place.

    theme: how it is drawn: ``stretch``, ``classes``, ``values`` or ``bands``.  values: of the bands that are drawn, none without data.
    label: of its class.  x, y: the place that was asked about, in crs.
    """

    layer_id: int
    layer_name: str
    theme: str
    values: tuple[float, ...]
    label: str
    x: float
    y: float
    crs: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What stands at a place, top layer first.  is_more: there is more than one answer may hold."""

    found: tuple[Hit | CellHit, ...] = ()
    is_more: bool = False
