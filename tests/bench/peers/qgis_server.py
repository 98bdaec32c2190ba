"""QGIS Server: a project for each set; features from FlatGeobuf."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.bench.peers.gateway import FastCgiServer, get_map
from tests.bench.peers.servers import need
from tests.bench.peers.sets import (
    CLASS_COLOURS,
    FILL_OPACITY,
    LAND_COVER,
    MARKER_OUTLINE_PX,
    MARKER_PX,
    OUTLINE_COLOUR,
    OUTLINE_PX,
    RAMP,
    TILE_PX,
    BenchSet,
    Tile,
)

LOOK = {
    "classes": CLASS_COLOURS,
    "fill_opacity": FILL_OPACITY,
    "outline_colour": OUTLINE_COLOUR,
    "outline_px": OUTLINE_PX,
    "marker_px": MARKER_PX,
    "marker_outline_px": MARKER_OUTLINE_PX,
    "ramp": RAMP,
    "land_cover": LAND_COVER,
}
# QGIS Python belongs to Debian's
SYSTEM_PYTHON = "/usr/bin/python3"


class QgisServer(FastCgiServer):
    """The Debian package's `qgis_mapserv.fcgi`."""

    name = "QGIS Server"

    @property
    def program(self) -> str:
        return need("qgis_mapserv.fcgi", "qgis-server")

    @property
    def environment(self) -> dict[str, str]:
        # one thread a picture: there are as many processes as processors
        return {"QT_QPA_PLATFORM": "offscreen", "QGIS_SERVER_PARALLEL_RENDERING": "0", "QGIS_SERVER_LOG_LEVEL": "2"}

    def project(self, subject: BenchSet) -> Path:
        """The set's project."""
        return self.yard.folder("qgis") / f"{subject.name}.qgs"

    def configure(self, subjects: list[BenchSet]) -> None:
        """Writes the projects anew.  Raises CalledProcessError when QGIS cannot."""
        wanted = [{"kind": s.kind, "epsg": s.epsg, "data": str(s.path(self.yard.data)), "project": str(self.project(s))} for s in subjects]
        command = [SYSTEM_PYTHON, str(Path(__file__).with_name("qgis_projects.py"))]
        with (self.yard.folder("logs") / "qgis_projects.log").open("ab") as log:
            said = json.dumps({"projects": wanted, "look": LOOK}).encode()
            subprocess.run(command, input=said, stdout=log, stderr=log, check=True, env={"QT_QPA_PLATFORM": "offscreen"})

    def announce(self, subject: BenchSet, copy: BenchSet) -> None:
        """The set's project with another file, for PyQGIS takes a second to write one."""
        file, other = (s.path(self.yard.data).name for s in (subject, copy))
        self.project(copy).write_text(self.project(subject).read_text().replace(f"/{file}", f"/{other}"))

    def tile_path(self, subject: BenchSet, tile: Tile) -> str:
        return self.image_path(subject, tile.bbox, (TILE_PX, TILE_PX))

    def image_path(self, subject: BenchSet, bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
        return f"/?MAP={self.project(subject)}&{get_map(bbox, size_px)}"
