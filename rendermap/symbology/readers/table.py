"""The table of style languages.  A new one is one file (or folder) here and one row."""

from __future__ import annotations

from pathlib import Path

from rendermap.errors import StyleInvalid
from rendermap.symbology.readers.drawing_info.reader import DRAWING_INFO
from rendermap.symbology.readers.lyrx.reader import LYRX
from rendermap.symbology.readers.mapnik.reader import MAPNIK
from rendermap.symbology.readers.qml.reader import QML
from rendermap.symbology.readers.sld.reader import SLD
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader
from rendermap.table import Table

__all__ = ["STYLE_READERS", "NamedStyle", "StyleReader", "read_styles"]

STYLE_READERS: Table[StyleReader] = Table(
    "style reader", {"lyrx": LYRX, "drawing_info": DRAWING_INFO, "sld": SLD, "qml": QML, "mapnik": MAPNIK}
)


def read_styles(path: Path) -> tuple[NamedStyle, ...]:
    """The layers of a style file, by the reader of its suffix.  Raises StyleInvalid."""
    for reader in STYLE_READERS:
        if path.suffix.lower() in reader.suffixes:
            return reader.read(path)
    if path.suffix.lower() == ".lyr":
        raise StyleInvalid(reason=f"{path}: a binary layer file of ArcMap; save it as .lyrx from ArcGIS Pro")
    known = ", ".join(suffix for reader in STYLE_READERS for suffix in reader.suffixes)
    raise StyleInvalid(reason=f"{path}: no reader for {path.suffix!r}; known are {known}")
