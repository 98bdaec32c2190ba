"""What may be asked, in no protocol's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rendermap.access.grant import PUBLIC, Principal
from rendermap.geo.tiling import TileAddress
from rendermap.geo.view import MapView

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One job, asked for by someone.  service: ``[folder/]name``."""

    service: str
    job_id: str
    principal: Principal = PUBLIC


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
class MapRequest:
    """A picture of a job.

    format: a name of `imaging.formats.FORMATS`.  background: None for transparent.  filters: (layer id, SQL-92 subset) pairs.
    quality: 1 to 100 for lossy formats, None for the format's own.
    """

    job: JobRequest
    view: MapView
    layers: LayerChoice = LayerChoice()
    format: str = "png"
    background: RGB | None = None
    filters: tuple[tuple[int, str], ...] = ()
    quality: int | None = None


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
    """The legend of a job.  swatch_px: (width, height) at ratio 1."""

    job: JobRequest
    layers: LayerChoice = LayerChoice(LayerMode.HIDE)
    pixel_ratio: float = 1.0
    swatch_px: tuple[int, int] = (20, 20)


@dataclass(frozen=True, slots=True)
class LegendSheetRequest:
    """The legend of a job as one picture.  dark: for a dark page."""

    legend: LegendRequest
    format: str = "png"
    dark: bool = False
    title: str | None = None
