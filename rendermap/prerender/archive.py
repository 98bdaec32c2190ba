"""Drawn tiles -> a PMTiles archive of pictures.  Spec: PMTiles version 3."""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pmtiles.reader import MemorySource, Reader
from pmtiles.tile import Compression, MagicNumberNotFound, SpecVersionUnsupported, TileType, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer

from rendermap.errors import InvalidFormat, InvalidParameter
from rendermap.frontends.xyz.documents import bounds_deg, center_zoom
from rendermap.frontends.xyz.params import parse_format
from rendermap.geo.bbox import BBox, intersection
from rendermap.geo.tiling import TileAddress
from rendermap.imaging.formats import Format
from rendermap.prerender.cover import Cover
from rendermap.reply import MapCard
from rendermap.request import LayerChoice

NEW_SUFFIX = ".new"
_TYPES = {"png": TileType.PNG, "jpeg": TileType.JPEG, "webp": TileType.WEBP, "avif": TileType.AVIF}
_PER_DEGREE = 10_000_000
_NO_ARCHIVE = (OSError, ValueError, EOFError, IndexError, zlib.error, MagicNumberNotFound, SpecVersionUnsupported)
"""What reading a file that is none, or no whole one, ends with."""


@dataclass(frozen=True, slots=True)
class About:
    """What an archive says of itself.

    bounds: in degrees.  center_zoom: at which the whole of it is seen.  version: of the result, as the tiles' addresses have it.
    drawn_from: digest of all that its tiles are made from, and of which they are.
    """

    name: str
    description: str
    attribution: str
    version: str
    bounds: BBox
    zooms: tuple[int, int]
    center_zoom: int
    format: Format
    drawn_from: str

    def header(self) -> dict[str, object]:
        """What the format's own head tells, beside what its writer counts."""
        west, south, east, north = (round(side * _PER_DEGREE) for side in self.bounds.corners)
        return {
            "tile_type": _TYPES[self.format.name],
            "tile_compression": Compression.NONE,
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_zoom": self.center_zoom,
            "center_lon_e7": (west + east) // 2,
            "center_lat_e7": (south + north) // 2,
        }

    def metadata(self) -> dict[str, object]:
        """The JSON in the archive, in TileJSON's and MBTiles' words."""
        return {
            "name": self.name,
            "description": self.description,
            "attribution": self.attribution,
            "version": self.version,
            "drawn_from": self.drawn_from,
            "type": "overlay",
            "format": self.format.suffix,
            "bounds": [round(side, 7) for side in self.bounds.corners],
            "minzoom": self.zooms[0],
            "maxzoom": self.zooms[1],
        }


def about(card: MapCard, choice: LayerChoice, cover: Cover, within_deg: BBox | None, format: Format, identity: str) -> About:
    """What an archive of a map says.  within_deg: what was asked for of it.  identity: of what is drawn, see `Sheet`."""
    whole = bounds_deg(card, choice)
    bounds = (intersection([whole, within_deg]) or within_deg) if within_deg else whole
    zooms = (cover.lowest, cover.highest)
    seen = center_zoom(intersection([cover.bbox, cover.within]) or cover.bbox, *zooms)
    # a digest, for whoever has the archive need not know the job's name
    drawn_from = hashlib.blake2b(f"{identity}|{cover!r}".encode(), digest_size=16).hexdigest()
    return About(card.title, card.service.description, card.service.credits, card.digest, bounds, zooms, seen, format, drawn_from)


def parse_tile_format(text: str) -> Format:
    """A format that archives may hold.  Raises InvalidFormat."""
    format = parse_format(text)
    if format.name not in _TYPES:
        raise InvalidFormat("Tiles are drawn beforehand as png, webp, avif or jpg.")
    return format


def id_of(tile: TileAddress) -> int:
    """A tile's place in an archive."""
    return zxy_to_tileid(tile.matrix, tile.col, tile.row)


def zxy_of(tile_id: int) -> tuple[int, int, int]:
    """(zoom, column, row)."""
    return tileid_to_zxy(tile_id)


def write_archive(target: Path, tiles: Iterable[tuple[int, bytes]], about: About) -> None:
    """Tiles (id, body) by id; the archive takes target's place when it is whole.  Raises InvalidParameter where it cannot be written."""
    new = target.with_name(target.name + NEW_SUFFIX)
    try:
        _write(new, tiles, about)
        new.replace(target)
    except OSError as error:
        raise InvalidParameter(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        new.unlink(missing_ok=True)


def is_written(target: Path, about: About) -> bool:
    """True where an archive that is whole holds these very tiles."""
    try:
        with target.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            reader = Reader(MemorySource(mapped))
            header, told = reader.header(), reader.metadata()
            is_whole = header["tile_data_offset"] + header["tile_data_length"] <= len(mapped)
            return is_whole and isinstance(told, dict) and told.get("drawn_from") == about.drawn_from
    except _NO_ARCHIVE:
        return False


def _write(path: Path, tiles: Iterable[tuple[int, bytes]], about: About) -> None:
    # its own place for bodies is the machine's folder for scratch, which may be small or memory
    with path.open("wb") as file, tempfile.TemporaryFile(dir=path.parent) as bodies:
        writer = Writer(file)
        writer.tile_f.close()
        writer.tile_f = bodies
        for tile_id, body in tiles:
            writer.write_tile(tile_id, body)
        writer.finalize(about.header(), about.metadata())
        file.flush()
        os.fsync(file.fileno())
