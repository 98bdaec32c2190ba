"""The table of languages that styles are written in.  A new one is one file (or folder) here and one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.style import Style
from rendermap.symbology.writers.drawing_info import write_drawing_info
from rendermap.symbology.writers.sld import write_sld
from rendermap.table import Table


@dataclass(frozen=True, slots=True)
class StyleWriter:
    """A row of the table.

    media_type: of the document.  write: a resolved style, the geometry of its features (None for a raster) and the layer's name -> a
    JSON object, or the text of a document.
    """

    name: str
    media_type: str
    write: Callable[[Style, GeometryKind | None, str], dict[str, Any] | str]


STYLE_WRITERS: Table[StyleWriter] = Table(
    "style writer",
    {
        "drawing_info": StyleWriter("drawing_info", "application/json", write_drawing_info),
        "sld": StyleWriter("sld", "application/vnd.ogc.sld+xml", write_sld),
    },
)
