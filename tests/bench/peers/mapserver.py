"""MapServer: a mapfile for each set; features from shapefiles, which it draws fastest, with its own index."""

from __future__ import annotations

import subprocess
from itertools import pairwise
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
    BenchSet,
    Tile,
)

CONFIGURATION = 'CONFIG ENV MS_MAP_PATTERN "^{mapfiles}/" END MAPS END END\n'
# the least compression: what the others send is as large, and MapServer's own default costs it a sixth of its speed
MAPFILE = """\
MAP
  NAME "bench"
  SIZE 256 256
  MAXSIZE 8192
  EXTENT -20037508 -20037508 20037508 20037508
  PROJECTION "init=epsg:3857" END
  IMAGETYPE "png"
  OUTPUTFORMAT
    NAME "png" DRIVER "AGG/PNG" MIMETYPE "image/png" IMAGEMODE RGBA TRANSPARENT ON EXTENSION "png" FORMATOPTION "COMPRESSION=1"
  END
  SYMBOL NAME "circle" TYPE ELLIPSE FILLED TRUE POINTS 1 1 END END
  WEB METADATA
    "wms_title" "bench" "wms_srs" "EPSG:3857" "wms_enable_request" "*" "wms_onlineresource" "http://127.0.0.1/"
  END END
  LAYER
    NAME "drawn" TYPE {type} STATUS ON
    PROJECTION "init=epsg:{epsg}" END
    DATA "{data}"
{body}
  END
END
"""


class MapServer(FastCgiServer):
    """The Debian package's `mapserv`."""

    name = "MapServer"

    @property
    def program(self) -> str:
        return need("mapserv", "cgi-mapserver")

    @property
    def environment(self) -> dict[str, str]:
        return {"MAPSERVER_CONFIG_FILE": str(self._mapfiles / "mapserver.conf")}

    @property
    def _mapfiles(self) -> Path:
        return self.yard.folder("mapserver")

    def configure(self, subjects: list[BenchSet]) -> None:
        (self._mapfiles / "mapserver.conf").write_text(CONFIGURATION.format(mapfiles=self._mapfiles))
        for subject in subjects:
            self.announce(subject, subject)
            if not subject.is_raster:
                index(subject.path(self.yard.data, ".shp"))

    def announce(self, subject: BenchSet, copy: BenchSet) -> None:
        """A mapfile; the copy of a shapefile has its index with it."""
        (self._mapfiles / f"{copy.name}.map").write_text(mapfile(copy, self.yard.data))

    def tile_path(self, subject: BenchSet, tile: Tile) -> str:
        return f"/?map={self._mapfiles}/{subject.name}.map&mode=tile&tilemode=gmap&tile={tile.col}+{tile.row}+{tile.zoom}&layers=drawn"

    def image_path(self, subject: BenchSet, bbox: tuple[float, float, float, float], size_px: tuple[int, int]) -> str:
        return f"/?map={self._mapfiles}/{subject.name}.map&{get_map(bbox, size_px)}"


def mapfile(subject: BenchSet, data: Path) -> str:
    """A map of one layer."""
    kinds = {"polygon": ("POLYGON", polygon_classes), "point": ("POINT", point_classes)}
    kinds |= {"ramp": ("RASTER", ramp_classes), "categories": ("RASTER", category_classes)}
    kind, body = kinds[subject.kind]
    return MAPFILE.format(type=kind, epsg=subject.epsg, data=subject.path(data, ".shp"), body="\n".join(body()))


def polygon_classes() -> list[str]:
    """Fill and outline by class."""
    line = f"STYLE OUTLINECOLOR {rgb(OUTLINE_COLOUR)} WIDTH {OUTLINE_PX} END"
    fills = [f"STYLE COLOR {rgb(colour)} OPACITY {round(100 * FILL_OPACITY)} END" for colour in CLASS_COLOURS]
    return ['CLASSITEM "cls"', *(f'CLASS EXPRESSION "{n}" {fill} {line} END' for n, fill in enumerate(fills))]


def point_classes() -> list[str]:
    """Circles by class."""
    shape = f'SYMBOL "circle" SIZE {MARKER_PX} OUTLINECOLOR {rgb(OUTLINE_COLOUR)} WIDTH {MARKER_OUTLINE_PX}'
    marks = [f"STYLE {shape} COLOR {rgb(colour)} END" for colour in CLASS_COLOURS]
    return ['CLASSITEM "cls"', *(f'CLASS EXPRESSION "{n}" {mark} END' for n, mark in enumerate(marks))]


def ramp_classes() -> list[str]:
    """A class from each stop of the ramp to the next."""
    drawn = ['PROCESSING "RESAMPLE=BILINEAR"', 'PROCESSING "NODATA=-9999"']
    for (low, low_colour), (high, high_colour) in pairwise(RAMP):
        style = f'STYLE COLORRANGE {rgb(low_colour)} {rgb(high_colour)} DATARANGE {low} {high} RANGEITEM "pixel" END'
        drawn.append(f"CLASS EXPRESSION ([pixel] >= {low} AND [pixel] < {high}) {style} END")
    return drawn


def category_classes() -> list[str]:
    """A class for each value."""
    return [
        "OFFSITE 0 0 0",
        *(f"CLASS EXPRESSION ([pixel] = {value}) STYLE COLOR {rgb(colour)} END END" for value, colour in LAND_COVER.items()),
    ]


def rgb(colour: str) -> str:
    """`#ff0000` as `255 0 0`."""
    return " ".join(str(int(colour[n : n + 2], 16)) for n in (1, 3, 5))


def index(shapefile: Path) -> None:
    """MapServer's own spatial index beside a shapefile, unless it is there."""
    if not shapefile.with_suffix(".qix").exists():
        subprocess.run([need("shptree", "mapserver-bin"), str(shapefile)], check=True, stdout=subprocess.DEVNULL)
