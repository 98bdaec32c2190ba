"""Good files of every kind that is read, to be damaged: datasets, layer files, descriptions of services, documents of jobs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import shapely

from tests.builders import rasters
from tests.builders.hostile import write_netcdf
from tests.builders.style_samples import SYMBOLS, THEMES
from tests.builders.vectors import SUFFIXES, write_features

RASTER_KINDS = (
    "uint8", "deflate_f32", "lzw_u8", "zstd_u8", "lerc_f32", "packbits_u8", "deflate_predictor3", "webp", "jpeg_rgb", "paletted", "rgba",
    "mask", "big_endian", "bigtiff", "cog", "erdas", "erdas_compressed", "ascii_grid", "jpeg2000", "netcdf", "envi", "nitf", "gpkg_raster",
)  # fmt: skip
STYLE_SUFFIXES = {"lyrx": ".lyrx", "drawing_info": ".json", "sld": ".sld", "qml": ".qml", "mapnik": ".xml"}
MAPNIK = (
    '<Map><Style name="a"><Rule><Filter>[N] &gt; 1 and [KIND].match("a.*")</Filter><MaxScaleDenominator>1000000000</MaxScaleDenominator>'
    '<PolygonSymbolizer fill="#dc1e1e" fill-opacity="[N] / 10"/><LineSymbolizer stroke="blue" stroke-width="2" stroke-dasharray="4, 2"/>'
    '<MarkersSymbolizer width="6" fill="red"/><TextSymbolizer face-name="DejaVu Sans Book" size="10">[KIND] + "x"</TextSymbolizer></Rule>'
    '<Rule><ElseFilter/><LineSymbolizer stroke="gray"/></Rule></Style><Layer name="a"><StyleName>a</StyleName></Layer></Map>'
)
COLUMNS: dict[str, list[object]] = {
    "N": [1, 3, 5, 7, 9, 2],
    "KIND": ["a", "b", "a", "c", None, "straße"],
    "SHARE": [0.5, None, 2.5, 1.0, 3.0, 9.0],
}


@dataclass(frozen=True)
class Seed:
    """A good file.  kind: dataset, layer file, service or document.  files: by name; the first is the one that is opened."""

    kind: str
    name: str
    files: dict[str, bytes]

    @property
    def main(self) -> str:
        """The name of what is opened: the file, or the folder that all lie in."""
        first = next(iter(self.files))
        return first.split("/")[0]

    @property
    def is_vector(self) -> bool:
        """True for datasets of features."""
        return self.name.endswith(("_areas", "_lines")) or self.name.startswith("csv")


def write_seeds(room: Path, also: Iterable[Path] = ()) -> list[Seed]:
    """All seeds.  room: an empty folder to make them in.  also: rasters that nothing here can make, such as those of file geodatabases."""
    return [*_rasters(room), *_features(room), *map(_seed_of, also), *_layer_files(), SERVICE, DOCUMENT]


def _seed_of(path: Path) -> Seed:
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = {file.relative_to(path.parent).as_posix(): file.read_bytes() for file in found if file.is_file()}
    return Seed("dataset", f"also_{path.stem}", files)


def _rasters(room: Path) -> Iterator[Seed]:
    for name in RASTER_KINDS:
        kind = rasters.BY_NAME[name]
        path = rasters.write_raster(_folder(room, name), kind)
        if name == "deflate_f32":
            rasters.add_overviews(path)
        yield _dataset(name, path)
    yield _dataset("netcdf4", write_netcdf(_folder(room, "netcdf4") / "netcdf4.nc"))
    grid = rasters.write_esri_grid(_folder(room, "esri_grid") / "grid", rasters.values_of(rasters.BY_NAME["uint8"])[0])
    yield _dataset("esri_grid", grid)


def _features(room: Path) -> Iterator[Seed]:
    boxes: list[shapely.Geometry] = [shapely.box(10 + i / 10, 50, 10 + i / 10 + 0.08, 50.1) for i in range(6)]
    lines: list[shapely.Geometry] = [shapely.LineString([(10 + i / 10, 50), (10.05 + i / 10, 50.1), (10 + i / 10, 50.2)]) for i in range(6)]
    for driver in SUFFIXES:
        name = driver.lower().replace(" ", "_")
        for shapes, what in ((boxes, "areas"), (lines, "lines")):
            folder = _folder(room, f"{name}_{what}")
            yield _dataset(folder.name, write_features(folder, shapes, COLUMNS, driver=driver, name="data", crs="EPSG:4326").source.path)
    table = "id;Longitude;Latitude;name\n" + "".join(f"{i};{10 + i / 10};{50 + i / 20};p{i}\n" for i in range(6))
    yield Seed("dataset", "csv", {"data.csv": table.encode()})
    wkt = "id,wkt,n\n" + "".join(f'{i},"{shapely.to_wkt(shape)}",{i}\n' for i, shape in enumerate(boxes))
    yield Seed("dataset", "csv_wkt", {"data.csv": wkt.encode(), "data.prj": pyproj.CRS("EPSG:4326").to_wkt("WKT1_ESRI").encode()})


def _layer_files() -> Iterator[Seed]:
    for samples in (SYMBOLS, THEMES):
        for (language, name), written in samples.items():
            text = written if isinstance(written, str) else json.dumps(written)
            yield Seed("layer file", f"{language} {name}", {f"sample{STYLE_SUFFIXES[language]}": text.encode()})
    yield Seed("layer file", "mapnik features", {"sample.xml": MAPNIK.encode()})
    for path in sorted((Path(__file__).parents[2] / "styles").rglob("*.lyrx")):
        yield Seed("layer file", f"lyrx {path.stem}", {"sample.lyrx": path.read_bytes()})


def _dataset(name: str, path: Path) -> Seed:
    """A dataset with all that lies in its folder."""
    room = path.parent
    found = sorted((file for file in room.rglob("*") if file.is_file()), key=lambda file: (not file.is_relative_to(path), file.name))
    files = {file.relative_to(room).as_posix(): file.read_bytes() for file in found}
    shutil.rmtree(room)
    return Seed("dataset", name, files)


def _folder(room: Path, name: str) -> Path:
    folder = room / name
    folder.mkdir()
    return folder


def good_cells() -> np.ndarray:
    """Three bands for layer files of rasters."""
    return np.stack([np.add.outer(np.arange(32), np.arange(32)) % 10 * (band + 1) for band in range(3)]).astype(np.uint8)


SERVICE = Seed(
    "service",
    "service.toml",
    {
        "service.toml": b"""\
title = "Fuzz"
description = "All that can stand here."
credits = "Nobody"
crs = "EPSG:25832"
message_level = "warning"

[extras]
contact = "a@example.org"
list = [1, 2.5, "x", {a = true}]

[[tasks]]
name = "Run"
title = "A tool"

[[tasks.groups]]
name = "Both"
visible = true

[[tasks.parameters]]
name = "Height"
type = "GPDouble"
default = 12
choices = []

[[tasks.parameters]]
name = "When"
type = "GPDate"
required = false
default = 2026-03-01T12:00:00Z

[[tasks.parameters]]
name = "Areas"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
dataset = "%scratchworkspace%/areas.fgb"
min_scale = 1000000000
max_scale = 1
visible = true
group = "Both"
opacity = 0.5
style = "sample.lyrx"

[[tasks.parameters]]
name = "Cells"
type = "GPRasterDataLayer"
direction = "output"
[tasks.parameters.layer]
dataset = "cells.tif"
group = "Both"
classification = "from_result"
statistics = "view"
"""
    },
)

DOCUMENT = Seed(
    "document",
    "job.json",
    {
        "job.json": json.dumps(
            {
                "version": 1,
                "service": "Good",
                "task": "Run",
                "job_id": "document",
                "status": "succeeded",
                "created": "2026-03-01T12:00:00Z",
                "started": "2026-03-01T12:00:01.5+01:00",
                "finished": None,
                "inputs": {"Height": 12, "Area": {"rings": [[[1, 2.5], [3e2, -4]]]}},
                "outputs": {
                    "Areas": {"dataset": "%scratchworkspace%/areas.fgb"},
                    "Cells": {"value": "%scratchworkspace%/cells.tif"},
                    "Share": {"value": None},
                },
                "messages": [{"kind": "warning", "text": "slow", "time": "2026-03-01T12:00:02Z"}],
                "progress": {"message": "half way", "percent": 50},
            },
            indent=1,
        ).encode()
    },
)
