"""A land register as a finished job: parcels and depths of water whose every value is known, so that whatever of them gets out is seen."""

from __future__ import annotations

import json
import random
import string
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rendermap.access import realm
from rendermap.access.passwords import hash_password
from rendermap.access.realm import User
from rendermap.jobs import manifest
from tests.builders.styles import Json, feature_layer, fill, rgb, style_file, symbol

CRS, METRES_PER_DEGREE = "EPSG:32616", 111_320.0
WEST, SOUTH, CELL_M, CELLS, COLS, ROWS = 700_000.0, 4_000_000.0, 25.0, 96, 6, 5
CLASSES = {"zn_k7": ("Dwelling", (200, 40, 40)), "zn_p3": ("Works", (40, 90, 200)), "zn_w1": ("Wood", (40, 160, 60))}
"""Code in the data -> what the legend says, and the colour."""
COLORS = 8
FIELDS = ("owner_of_parcel", "worth_in_euro", "zone_of_plan", "surveyed_on")
SERVICE = """
title = "Register"
crs = "EPSG:32616"
access = "{access}"
[protection]
colors = {colors}
[[tasks]]
name = "Value"
[[tasks.parameters]]
name = "Height"
type = "GPDouble"
required = false
[[tasks.parameters]]
name = "Points"
type = "GPFeatureRecordSetLayer"
required = false
[[tasks.parameters]]
name = "Reach"
type = "GPLinearUnit"
required = false
[[tasks.parameters]]
name = "Names"
type = "GPMultiValue:GPString"
required = false
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
dataset = "%scratchworkspace%/parcels_of_1987.geojson"
style = "parcels.lyrx"
time_field = "surveyed_on"
[[tasks.parameters]]
name = "Depth"
type = "GPRasterDataLayer"
direction = "output"
[tasks.parameters.layer]
dataset = "%scratchworkspace%/sounding_of_1991.asc"
"""
BASE = """
title = "Base"
[[tasks]]
name = "Keep"
[[tasks.parameters]]
name = "Cellar"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""


PASSWORD = "correct horse"


@dataclass(frozen=True, slots=True)
class Register:
    """Everything that must not get out.

    corners: (n, 2) easting and northing of every vertex, to a tenth of a millimetre.  rows: attributes by parcel.  depths: (rows, cols),
    north first.  folder: of services and jobs.  job_id: of the public job; private_id: of anna's, of the same data.
    """

    corners: NDArray[np.float64]
    rows: tuple[Json, ...]
    depths: NDArray[np.float64]
    folder: Path
    job_id: str
    private_id: str
    base_id: str

    @property
    def words(self) -> tuple[str, ...]:
        """Field names, attribute texts and names of files and folders."""
        texts = {str(row[name]) for row in self.rows for name in ("owner_of_parcel", "zone_of_plan", "surveyed_on")}
        files = ("parcels_of_1987", "sounding_of_1991", "cellar_of_2003", "scratchworkspace", "parcels.lyrx", self.folder.name)
        return (*FIELDS, *sorted(texts), *files)


def lay_out(folder: Path, access: str = "view", colors: int = COLORS) -> Register:
    """The service in ``services``, its jobs in ``jobs``.  access: of both layers."""
    chooser = random.Random(11)
    for name, text in (("Register", SERVICE.format(access=access, colors=colors)), ("Base", BASE)):
        (folder / "services" / "Land" / name).mkdir(parents=True)
        (folder / "services" / "Land" / name / "service.toml").write_text(text, encoding="utf-8")
    realm.write_users(folder / "access", {"anna": User(password=hash_password(PASSWORD))})
    style_file(folder / "services" / "Land" / "Register" / "parcels.lyrx", feature_layer(_renderer()))
    corners = [_corners(chooser, row, col) for row in range(ROWS) for col in range(COLS)]
    rows = tuple(_row(chooser) for _ in corners)
    depths = np.array([[chooser.uniform(0.5, 40.0) for _ in range(CELLS)] for _ in range(CELLS)]).round(7)
    files = {"parcels_of_1987.geojson": _geojson(corners, rows), "sounding_of_1991.asc": _asc(depths)}
    made = [_finish(folder / "jobs", files, private=private) for private in (False, True)]
    with manifest.start(folder / "jobs", service="Land/Base", task="Keep") as run:
        run.path("cellar_of_2003.geojson").write_text(files["parcels_of_1987.geojson"], encoding="utf-8")
        run.output("Cellar", "%scratchworkspace%/cellar_of_2003.geojson")
    return Register(np.array(corners).reshape(-1, 2), rows, depths, folder, *made, run.job_id)


def _finish(jobs: Path, files: dict[str, str], *, private: bool) -> str:
    with manifest.start(jobs, service="Land/Register", task="Value", owner="anna", private=private) as run:
        for name, text in files.items():
            run.path(name).write_text(text, encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/parcels_of_1987.geojson")
        run.output("Depth", "%scratchworkspace%/sounding_of_1991.asc")
    return run.job_id


def _renderer() -> Json:
    classes = [
        {
            "type": "CIMUniqueValueClass",
            "label": label,
            "symbol": symbol("Polygon", fill(rgb(*color))),
            "values": [{"type": "CIMUniqueValue", "fieldValues": [code]}],
            "visible": True,
        }
        for code, (label, color) in CLASSES.items()
    ]
    return {"type": "CIMUniqueValueRenderer", "fields": ["zone_of_plan"], "groups": [{"classes": classes, "heading": "Use"}]}


def _corners(chooser: random.Random, row: int, col: int) -> list[tuple[float, float]]:
    """Four corners, each in a quarter of the parcel's own square of 400 metres."""
    x, y = WEST + 400.0 * col, SOUTH + 450.0 * row
    quarters = ((0, 0), (200, 0), (200, 200), (0, 200))
    return [(round(x + a + chooser.uniform(10, 170), 4), round(y + b + chooser.uniform(10, 170), 4)) for a, b in quarters]


def _row(chooser: random.Random) -> Json:
    letters = "".join(chooser.choice(string.ascii_lowercase) for _ in range(12))
    day = f"19{chooser.randint(10, 99)}-0{chooser.randint(1, 9)}-{chooser.randint(10, 28)}"
    worth = round(chooser.uniform(10_000, 999_999), 2)
    return {"owner_of_parcel": letters, "worth_in_euro": worth, "zone_of_plan": chooser.choice(list(CLASSES)), "surveyed_on": day}


def _geojson(corners: list[list[tuple[float, float]]], rows: tuple[Json, ...]) -> str:
    shapes = [{"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]} for ring in corners]
    features = [{"type": "Feature", "properties": row, "geometry": shape} for row, shape in zip(rows, shapes, strict=True)]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32616"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})


def _asc(depths: NDArray[np.float64]) -> str:
    head = f"ncols {CELLS}\nnrows {CELLS}\nxllcorner {WEST}\nyllcorner {SOUTH}\ncellsize {CELL_M}\nNODATA_value -9999\n"
    return head + "\n".join(" ".join(f"{value:.7f}" for value in row) for row in depths) + "\n"
