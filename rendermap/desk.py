"""What people type at the command line -> what the service is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ImageColor

from rendermap.access.grant import OPERATOR
from rendermap.errors import (
    InvalidBbox,
    InvalidFormat,
    InvalidLayer,
    InvalidParameter,
    InvalidSize,
    JobNotFound,
    LayerNotFound,
    ServiceNotFound,
)
from rendermap.geo.bbox import BBox, fit_aspect, pad
from rendermap.geo.crs import parse_crs
from rendermap.geo.turns import box_between, box_shown
from rendermap.geo.view import MapView
from rendermap.imaging.formats import FORMATS
from rendermap.jobs.catalog import Catalog
from rendermap.jobs.fingerprint import fingerprint
from rendermap.jobs.folder import split_member
from rendermap.jobs.job import DataSource, Job, JobStatus, Output
from rendermap.limits import DPI
from rendermap.reply import MapCard
from rendermap.request import JobRequest, LayerChoice, LayerMode
from rendermap.services.reader import read_services
from rendermap.services.service import Service, ToolLayer, service_named
from rendermap.services.unpublished import unpublished_service
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.readers.table import NamedStyle, read_styles
from rendermap.symbology.template import template_geometry
from rendermap.symbology.writers.table import STYLE_WRITERS

MARGIN = 0.03
LEAST_DPI = 10


@dataclass(frozen=True, slots=True)
class TriedStyle:
    """A layer file to draw with instead of what the service says.  layer: one of several in it, None for the first."""

    file: Path
    layer: str | None = None
    classification: str = "auto"


@dataclass(frozen=True, slots=True)
class OneJob:
    """A catalogue of one job, given by its folder, its name or one dataset.

    Its service is the published one of that name, else one made up from its outputs.
    """

    job: Job
    service: Service

    @staticmethod
    def at(path: Path, services_dir: Path) -> OneJob:
        """Raises JobNotFound when the folder is no job of any known layout."""
        published = read_services(services_dir)[0] if services_dir.is_dir() else {}
        job = Catalog((), services=lambda: published).at(path.resolve())
        service = next((s for s in published.values() if s.name.casefold() == job.service.casefold()), None)
        return OneJob(job, service or unpublished_service(job.service, [o.name for o in job.outputs if o.source or o.fault], path))

    @staticmethod
    def named(text: str, jobs_dirs: tuple[Path, ...], services_dir: Path) -> OneJob:
        """``[folder/]service/jobId`` below one of jobs_dirs.  Raises JobNotFound, ServiceNotFound."""
        published = read_services(services_dir)[0] if services_dir.is_dir() else {}
        request = find_job(text, None, jobs_dirs)
        service = service_named(published, request.service)
        if service is None:
            raise ServiceNotFound
        return OneJob(Catalog(jobs_dirs, services=lambda: published).find(service.name, request.job_id), service)

    @staticmethod
    def of_dataset(source: DataSource) -> OneJob:
        """A dataset as if a job had left it."""
        name = source.member or source.path.stem
        job = Job(name, "dataset", JobStatus.SUCCEEDED, source.root, "plain", outputs=(Output(name, source),))
        return OneJob(job, unpublished_service(name, [name], source.root))

    @staticmethod
    def of_styles(file: Path, names: Sequence[str]) -> OneJob:
        """Nothing but the layers of a layer file."""
        made_up = unpublished_service(file.stem, names, file.parent)
        layers = tuple(replace(tool, style_path=file, style_layer=tool.name or None) for tool in made_up.layers)
        service = replace(made_up, tasks=(replace(made_up.tasks[0], layers=layers),))
        return OneJob(Job(file.stem, "none", JobStatus.SUCCEEDED, file.parent, "plain"), service)

    def styled(self, tried: TriedStyle, choice: LayerChoice) -> OneJob:
        """The same job with one layer drawn by another style.  Raises LayerNotFound where it is not plain which layer is meant."""
        ids = choice.ids or tuple(tool.id for tool in self.service.layers_of(self.job.task))
        if len(ids) != 1 or ids[0] not in {tool.id for tool in self.service.layers}:
            raise LayerNotFound("Say with --layers which one layer the style is for.")
        changed = {"style_path": tried.file, "style_layer": tried.layer, "classification": tried.classification}

        def restyled(tool: ToolLayer) -> ToolLayer:
            return replace(tool, **changed) if tool.id == ids[0] else tool  # type: ignore[arg-type]

        tasks = tuple(replace(task, layers=tuple(map(restyled, task.layers))) for task in self.service.tasks)
        return replace(self, service=replace(self.service, tasks=tasks))

    def services(self) -> Mapping[str, Service]:
        """The one service."""
        return {self.service.name: self.service}

    def find(self, service: str, job_id: str) -> Job:
        """The one job, whatever it is called."""
        del service, job_id
        return self.job

    def list(self, service: str | None = None, limit: int = 200) -> tuple[Job, ...]:
        """The one job."""
        del service, limit
        return (self.job,)


def styles_of(tried: TriedStyle) -> OneJob:
    """The layers of a tried layer file, or the one named.  Raises StyleInvalid, LayerNotFound."""
    return OneJob.of_styles(tried.file, [named.name for named in named_styles(tried.file, tried.layer)])


def named_styles(file: Path, layer: str | None) -> tuple[NamedStyle, ...]:
    """The layers of a layer file, or the one named.  Raises StyleInvalid, LayerNotFound."""
    found = read_styles(file)
    wanted = tuple(named for named in found if layer is None or named.name.casefold() == layer.casefold())
    if not wanted:
        raise LayerNotFound(f"There is no layer {layer}; there are {', '.join(named.name for named in found)}.")
    return wanted


def written_style(named: NamedStyle, language: str) -> str:
    """A layer of a layer file in another language, as far as it can say it.  Raises InvalidParameter."""
    if language not in STYLE_WRITERS.names:
        raise InvalidParameter(f"Styles are written as {' or '.join(STYLE_WRITERS.names)}.")
    kind = template_geometry(named.style)
    document = STYLE_WRITERS[language].write(named.style, None if kind == "raster" else GeometryKind(kind), named.name)
    return document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, indent=1)


def one_job(text: str, jobs_dirs: tuple[Path, ...], services_dir: Path, tried: TriedStyle | None, choice: LayerChoice) -> OneJob | None:
    """The catalogue that a path brings with it, or a style to try asks for; None for a job that the service finds by itself.

    Raises JobNotFound, ServiceNotFound, LayerNotFound.
    """
    source = dataset_at(text)
    if source is not None:
        one = OneJob.of_dataset(source)
    elif Path(text).is_dir():
        one = OneJob.at(Path(text), services_dir)
    elif tried is not None:
        one = OneJob.named(text, jobs_dirs, services_dir)
    else:
        return None
    return one.styled(tried, choice) if tried else one


def find_job(text: str, one: OneJob | None, jobs_dirs: tuple[Path, ...]) -> JobRequest:
    """``[folder/]service/jobId`` below one of jobs_dirs, or the path of a job folder.  Raises JobNotFound."""
    if one is not None:
        return JobRequest(one.service.name, one.job.job_id, OPERATOR)
    service, _, job_id = text.rstrip("/").rpartition("/")
    if not service or not job_id:
        raise JobNotFound(f"{text} is no file and no folder; a job is named [folder/]service/jobId, or by the path of its folder.")
    if not jobs_dirs:
        raise JobNotFound("There is no jobs directory to look in: give one with --jobs DIR or RENDERMAP_JOBS.")
    return JobRequest(service, job_id, OPERATOR)


def dataset_at(text: str) -> DataSource | None:
    """The dataset a path names, ``x.gdb/member`` for one in a container; None when the text is not a dataset's path."""
    path, member = split_member(Path(text))
    if not path.exists() or (path.is_dir() and member is None and not _is_dataset_folder(path)):
        return None
    path = path.resolve()
    return DataSource(path, member, path.parent, fingerprint(path))


def _is_dataset_folder(path: Path) -> bool:
    return path.suffix.casefold() == ".gdb" or (path / "hdr.adf").is_file()


def parse_bbox(text: str | None, crs: str) -> BBox | None:
    """``xmin,ymin,xmax,ymax`` in a CRS, on across the antimeridian where xmin > xmax.  Raises InvalidBbox, InvalidCrs."""
    if text is None:
        return None
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidBbox from None
    return box_between(x1, y1, x2, y2, parse_crs(crs))


def parse_size(text: str) -> tuple[int, int]:
    """``width,height`` in pixels.  Raises InvalidSize."""
    try:
        width, height = (int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        raise InvalidSize from None
    return width, height


def layer_choice(text: str | None) -> LayerChoice:
    """``0,2`` shows just these; None those visible by default.  Raises InvalidLayer."""
    if text is None:
        return LayerChoice()
    try:
        return LayerChoice(LayerMode.SHOW, tuple(int(part) for part in text.split(",") if part.strip()))
    except ValueError:
        raise InvalidLayer from None


def parse_color(text: str | None) -> tuple[int, int, int] | None:
    """``#rrggbb`` or a colour's CSS name; None for transparent.  Raises InvalidParameter."""
    if text is None:
        return None
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise InvalidParameter("A background is a colour such as #ffffff or white.") from None
    return red, green, blue


def format_of(path: Path) -> str:
    """The picture format a file's name asks for.  Raises InvalidFormat."""
    suffix = path.suffix.lower().lstrip(".").replace("jpeg", "jpg")
    for row in FORMATS:
        if row.suffix == suffix:
            return row.name
    raise InvalidFormat(f"Pictures are written as {', '.join(sorted({row.suffix for row in FORMATS}))}; or say which with --format.")


def write(path: Path, body: bytes) -> None:
    """Writes a picture.  Raises InvalidParameter when the file cannot be written."""
    try:
        path.write_bytes(body)
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be written: {error.strerror}.") from None


def parse_dpi(dpi: float) -> float:
    """Device pixels per 96-dpi pixel.  Raises InvalidParameter."""
    if not dpi <= DPI.value:
        raise InvalidParameter(DPI.sentence)
    if dpi < LEAST_DPI:
        raise InvalidParameter(f"At least {LEAST_DPI} dots per inch are needed.")
    return dpi / 96


def require_layers(choice: LayerChoice, card: MapCard) -> None:
    """Raises LayerNotFound when a layer is named that the map does not have."""
    unknown = [id_ for id_ in choice.ids if id_ not in {layer.id for layer in card.layers}]
    if unknown:
        raise LayerNotFound(f"There is no layer {', '.join(map(str, unknown))}; there are {', '.join(str(c.id) for c in card.layers)}.")


def view_for(card: MapCard, size: tuple[int, int], crs: str | None, bbox: BBox | None, pixel_ratio: float) -> MapView:
    """The frame asked for, or the whole result with a small margin; never distorted, so the box grows to the picture's shape."""
    name = parse_crs(crs) if crs else card.crs
    width, height = size
    if min(size) < 1:
        raise InvalidSize
    if bbox is None:
        bbox = box_shown(card.home, card.crs, name)
        if bbox is None:
            raise InvalidBbox("The result cannot be shown in this coordinate reference system.")
        bbox = pad(bbox, bbox.width * MARGIN, bbox.height * MARGIN)
    return MapView(fit_aspect(bbox, width, height), name, width, height, pixel_ratio)
