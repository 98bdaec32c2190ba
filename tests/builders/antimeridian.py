"""A service over the whole earth, with polygons on both sides of the antimeridian."""

from __future__ import annotations

import json
import math
from pathlib import Path

from rendermap.jobs import manifest

NAME = "Ocean/Swell"
LAST_DEG = 180
_SERVICE = """
title = "Swell"
[[tasks]]
name = "Swell"

[[tasks.parameters]]
name = "Zones"
type = "GPFeatureRecordSetLayer"
direction = "output"

[[tasks.parameters]]
name = "Height"
type = "GPRasterDataLayer"
direction = "output"
"""
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)


def lay_out_ocean(folder: Path) -> str:
    """The service in ``services`` and its job, whose id is the result, in ``jobs``."""
    described = folder / "services" / NAME
    described.mkdir(parents=True)
    (described / "service.toml").write_text(_SERVICE, encoding="utf-8")
    with manifest.start(folder / "jobs", service=NAME, task="Swell", inputs={}) as run:
        run.path("%scratchworkspace%/height.asc").write_text(_height(), encoding="ascii")
        run.path("%scratchworkspace%/height.prj").write_text(_WGS84, encoding="ascii")
        run.path("%scratchworkspace%/zones.geojson").write_text(json.dumps(_zones()), encoding="utf-8")
        run.output("Height", "%scratchworkspace%/height.asc")
        run.output("Zones", "%scratchworkspace%/zones.geojson")
        return run.job_id


def _height() -> str:
    """The same at both ends of a row, so that a seam would be the map's own."""
    rows = (" ".join(f"{3 * math.sin(math.radians(col * 9)) + row / 10:.3f}" for col in range(360)) for row in range(160))
    return "ncols 360\nnrows 160\nxllcorner -180\nyllcorner -80\ncellsize 1\nNODATA_value -9999\n" + "\n".join(rows) + "\n"


def _zones() -> dict[str, object]:
    corners = [(166, -10), (-179, -10), (170, 5), (-172, 5)]
    boxes = [[[x, y], [x + 8, y], [x + 8, y + 6], [x, y + 6], [x, y]] for x, y in corners]
    shapes = [{"type": "Polygon", "coordinates": [box]} for box in boxes]
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]}
