"""What may stand in a service.toml, as models: every key, its type and its limits."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from rendermap.errors import InvalidCrs
from rendermap.geo.crs import parse_crs
from rendermap.services import marks
from rendermap.services.datatypes import (
    COLUMN_TYPES,
    DATA_TYPES,
    FEATURE_TYPE,
    GEOGRAPHIC_TYPES,
    NAMING_TYPES,
    NUMBER_TYPES,
    TABLE_TYPE,
    VALUE_TABLE,
    fits,
    is_data_type,
    one_of,
)

_LONGEST_MARK = 200
_LONGEST_STEP_H = 876_600
_NAME = r"^[^/\\?#%&\x00-\x1f]{1,128}$"


def _check_crs(text: str) -> str:
    try:
        return parse_crs(text)
    except InvalidCrs:
        raise ValueError("expected a coordinate reference system such as EPSG:25832") from None


def _check_data_type(text: str) -> str:
    if not is_data_type(text):
        raise ValueError(f"expected one of {', '.join(DATA_TYPES)}")
    return text


def _check_column_type(text: str) -> str:
    if text not in COLUMN_TYPES:
        raise ValueError(f"expected one of {', '.join(COLUMN_TYPES)}")
    return text


def _check_mark(text: bool | str) -> bool | str:
    if isinstance(text, bool):
        return text
    if len(text) > _LONGEST_MARK:
        raise ValueError(f"expected at most {_LONGEST_MARK} letters")
    if not text.strip() or not text.replace("\n", "").isprintable():
        raise ValueError("expected a text of letters that can be printed")
    if not marks.is_template(text):
        raise ValueError(f"expected no braces but {', '.join(f'{{{name}}}' for name in marks.NAMES)}")
    return text


def _check_colors(count: int | None) -> int | None:
    if count == 1:
        raise ValueError("one colour shows nothing; expected 2 or more, or 0 for as many as there are")
    return count


Name = Annotated[str, Field(pattern=_NAME)]
Somebody = Annotated[str, Field(pattern=r"^(public|signed_in|owner|(user|group|key):[^\s:][^\x00-\x1f]{0,199})$")]
"""A word of the policy."""
Scale = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Colors = Annotated[int, Field(ge=0, le=256)]
Decimals = Annotated[int, Field(ge=-12, le=12)]
"""Places behind the point that stay; below 0 of places before it."""
Mark = Annotated[bool | str, AfterValidator(_check_mark)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WhoDescription(_Model):
    """Who may view, identify and have data; a list left out stands for whoever may do what comes before."""

    view: list[Somebody] | None = None
    identify: list[Somebody] | None = None
    data: list[Somebody] | None = None


class ServiceWhoDescription(WhoDescription):
    """The same of a service, and who of those who may know of it may submit jobs."""

    submit: list[Somebody] | None = None


class LayerDescription(_Model):
    """The tool layer of an output parameter.

    min_scale, max_scale: as ArcGIS says them, at 96 dpi; 0 for no limit.  finest_scale, colors: None for the service's.
    fields: None for none at ``identify`` and all at ``data``.  round: decimals of all numbers, or by field.
    time_field, end_time_field: dates from which and, where a feature lasts, until which it is there.
    time_step_h: how coarsely times may be asked about where those fields may not be told, None for not at all.
    """

    dataset: Annotated[str, Field(min_length=1)] | None = None
    style: Annotated[str, Field(min_length=1)] | None = None
    style_layer: str | None = None
    min_scale: Scale = 0
    max_scale: Scale = 0
    visible: bool = True
    access: Literal["view", "identify", "data"] | None = None
    who: WhoDescription | None = None
    group: Name | None = None
    opacity: Annotated[float, Field(ge=0, le=1)] = 1.0
    classification: Literal["auto", "as_template", "from_result"] = "auto"
    statistics: Literal["dataset", "view"] = "dataset"
    finest_scale: Scale | None = None
    colors: Colors | None = None
    fields: list[Annotated[str, Field(min_length=1)]] | None = None
    round: Decimals | dict[str, Decimals] | None = None
    geometry: bool = False
    time_field: Annotated[str, Field(min_length=1)] | None = None
    end_time_field: Annotated[str, Field(min_length=1)] | None = None
    time_step_h: Annotated[int, Field(ge=1, le=_LONGEST_STEP_H)] | None = None

    _not_one_color = field_validator("colors")(_check_colors)

    @model_validator(mode="after")
    def _check(self) -> LayerDescription:
        if self.min_scale and self.max_scale and self.min_scale < self.max_scale:
            raise ValueError("min_scale is the farthest scale and must be the larger number")
        if self.end_time_field is not None and self.time_field is None:
            raise ValueError("end_time_field is for layers with a time_field")
        if self.time_step_h is not None and self.time_field is None:
            raise ValueError("time_step_h is for layers with a time_field")
        if self.style_layer is not None and self.style is None:
            raise ValueError("style_layer names a layer of the file in style, which is missing")
        return self


class TableDescription(_Model):
    """What may be told of the rows of an output that is not drawn; its keys are as those of a layer."""

    access: Literal["view", "identify", "data"] | None = None
    who: WhoDescription | None = None
    fields: list[Annotated[str, Field(min_length=1)]] | None = None
    round: Decimals | dict[str, Decimals] | None = None


class ColumnDescription(_Model):
    """A column of a value table: what each of its cells must be.  required: no cell is empty."""

    name: Name
    type: Annotated[str, AfterValidator(_check_column_type)]
    title: str = ""
    description: str = ""
    required: bool = True
    choices: list[str] = Field(default_factory=list)
    minimum: Number | None = None
    maximum: Number | None = None

    @model_validator(mode="after")
    def _check(self) -> ColumnDescription:
        _check_bounds(self)
        return self

    def takes(self, cell: JsonValue) -> bool:
        """True for a cell that may stand in the default."""
        return fits(cell, self.type) and (not self.choices or cell in self.choices) and _is_within(self, cell)


class ParameterDescription(_Model):
    """A task's parameter.  columns: of a value table, none where its rows may hold anything."""

    name: Name
    type: Annotated[str, AfterValidator(_check_data_type)]
    direction: Literal["input", "output"] = "input"
    title: str = ""
    required: bool = True
    default: JsonValue = None
    choices: list[str] = Field(default_factory=list)
    minimum: Number | None = None
    maximum: Number | None = None
    geometry: Literal["point", "multipoint", "line", "polygon"] | None = None
    columns: list[ColumnDescription] = Field(default_factory=list)
    description: str = ""
    category: str = ""
    layer: LayerDescription | None = None
    table: TableDescription | None = None

    @field_validator("default", mode="before")
    @classmethod
    def _spell_time(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, (datetime, date, time)) else value

    @model_validator(mode="after")
    def _check(self) -> ParameterDescription:
        if self.default is not None and not fits(self.default, self.type):
            raise ValueError(f"the default does not fit the type {self.type}")
        if self.choices and self.default is not None and self.default not in self.choices:
            raise ValueError("the default is none of the choices")
        self._check_filters()
        self._check_columns()
        if self.layer is not None and self.direction == "input":
            raise ValueError("only output parameters have a layer")
        if self.layer is not None and self.type not in GEOGRAPHIC_TYPES | NAMING_TYPES:
            raise ValueError(f"an output of type {self.type} is not drawn and cannot have a layer")
        if self.table is not None and (self.direction == "input" or self.type != TABLE_TYPE):
            raise ValueError(f"only outputs of type {TABLE_TYPE} have a table")
        return self

    def _check_filters(self) -> None:
        _check_bounds(self)
        if not all(_is_within(self, each) for each in (self.default if isinstance(self.default, list) else [self.default])):
            raise ValueError("the default lies beyond the minimum or maximum")
        if self.geometry is not None and (one_of(self.type) != FEATURE_TYPE or self.direction != "input"):
            raise ValueError(f"only inputs of type {FEATURE_TYPE} have a geometry")

    def _check_columns(self) -> None:
        if not self.columns:
            return
        if self.type != VALUE_TABLE:
            raise ValueError(f"only {VALUE_TABLE} has columns")
        if len({column.name.casefold() for column in self.columns}) < len(self.columns):
            raise ValueError("two columns have the same name")
        for row in self.default if isinstance(self.default, list) else ():
            if not isinstance(row, list) or len(row) != len(self.columns):
                raise ValueError("each row of the default must have a value for each column")
            if not all(column.takes(cell) for column, cell in zip(self.columns, row, strict=True)):
                raise ValueError("a value of the default does not fit its column")

    @property
    def tool_layer(self) -> LayerDescription | None:
        """The layer that draws it: the one described, or the plain one that every geographic output has."""
        if self.direction == "output" and self.type in GEOGRAPHIC_TYPES:
            return self.layer or LayerDescription()
        return self.layer

    @property
    def tool_table(self) -> TableDescription | None:
        """What may be told of its rows; None for whatever is no table."""
        is_table = self.direction == "output" and self.type == TABLE_TYPE
        return (self.table or TableDescription()) if is_table else None


def _check_bounds(of: ColumnDescription | ParameterDescription) -> None:
    """Raises ValueError for bounds of what is no number, and for those that nothing lies between."""
    bounded = of.minimum is not None or of.maximum is not None
    if bounded and one_of(of.type) not in NUMBER_TYPES:
        raise ValueError(f"only {' and '.join(sorted(NUMBER_TYPES))} have a minimum and a maximum")
    if of.minimum is not None and of.maximum is not None and of.minimum > of.maximum:
        raise ValueError("the minimum is larger than the maximum")


def _is_within(of: ColumnDescription | ParameterDescription, value: JsonValue) -> bool:
    if not isinstance(value, int | float):
        return True
    return (of.minimum is None or value >= of.minimum) and (of.maximum is None or value <= of.maximum)


class GroupDescription(_Model):
    """How the heading over some tool layers is shown; needed only where it is not as usual."""

    name: Name
    visible: bool = True


class TaskDescription(_Model):
    """A tool of the service."""

    name: Name
    title: str = ""
    description: str = ""
    tool: Annotated[str, Field(pattern=r"^[^\W\d]\w*$")] | None = None
    command: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = None
    process: Annotated[str, Field(pattern=r"^[^\s/?#%]+$", max_length=255)] | None = None
    groups: list[GroupDescription] = Field(default_factory=list)
    parameters: list[ParameterDescription] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check(self) -> TaskDescription:
        if self.tool is not None and self.command is not None:
            raise ValueError("either tool or command, not both")
        return self


def _check_whole_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("must be a whole path, which begins with /")
    return path


class RunDescription(_Model):
    """How the tasks of a service are run.

    engine: None for ``local`` where there is something to run here, else ``none``.  reads: folders and files that tools may read, beside
    the service's own.
    """

    engine: Literal["none", "local", "celery", "ogcapi"] | None = None
    instances: Annotated[int, Field(ge=1, le=64)] = 2
    queue: Annotated[int, Field(ge=0, le=10_000)] = 100
    time_limit_s: Annotated[float, Field(gt=0, le=30 * 86_400)] = 600.0
    memory_mb: Annotated[int, Field(ge=64, le=1 << 24)] = 4096
    file_mb: Annotated[int, Field(ge=1, le=1 << 24)] = 8192
    disk_mb: Annotated[int, Field(ge=1, le=1 << 30)] = 65_536
    reads: Annotated[list[Annotated[str, AfterValidator(_check_whole_path)]], Field(max_length=64)] = []
    lifetime_h: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    lifetime_from: Literal["creation", "access"] = "creation"
    synchronous: bool = False
    url: Annotated[str, Field(pattern=r"^https?://[^\s?#/]+(/[^\s?#]*)?$", max_length=2000)] | None = None

    @model_validator(mode="after")
    def _check(self) -> RunDescription:
        if (self.engine == "ogcapi") != (self.url is not None):
            raise ValueError("engine ogcapi needs a url, and no other engine has one")
        return self


class ProtectionDescription(_Model):
    """What pictures may give away, and what is put on them.

    finest_scale: as ArcGIS says it, at 96 dpi; 0 for the usual one.  colors: 0 for as many as there are.  pixel_budget: megapixels for
    one principal in an hour.  watermark: true for the usual text.
    """

    finest_scale: Scale = 0
    colors: Colors = 0
    pixel_budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    watermark: Mark = False
    stamp: bool = False

    _not_one_color = field_validator("colors")(_check_colors)


class ServiceDescription(_Model):
    """A whole service.toml."""

    title: str
    description: str = ""
    credits: str = ""
    crs: Annotated[str, AfterValidator(_check_crs)] | None = None
    message_level: Literal["none", "error", "warning", "info"] = "info"
    protection: ProtectionDescription = ProtectionDescription()
    access: Literal["view", "identify", "data"] = "view"
    maximum_records: Annotated[int, Field(ge=0, le=100_000)] = 1000
    over_limit: Literal["empty", "truncate"] = "empty"
    raster_identify_keys: Literal["classic", "pro"] = "pro"
    who: ServiceWhoDescription = ServiceWhoDescription()
    run: RunDescription = RunDescription()
    extras: dict[str, JsonValue] = Field(default_factory=dict)
    tasks: Annotated[list[TaskDescription], Field(min_length=1)]
