"""ArcGIS REST ``drawingInfo`` JSON, or a renderer alone: one layer a file."""

from __future__ import annotations

from pathlib import Path

from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.symbology.document import Node, read_document
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.readers.drawing_info.rasters import reader_for
from rendermap.symbology.readers.drawing_info.renderers import read_renderer
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader, to_scale_denominator
from rendermap.symbology.style import Style


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The one layer of a JSON file; its name is the document's, else the file's.

    Raises StyleInvalid.  Spec: ArcGIS REST API, drawingInfo and renderer objects.
    """
    try:
        return (read_layer(read_document(path), path.stem),)
    except StyleInvalid as error:
        raise StyleInvalid(reason=error.reason if str(path) in (error.reason or "") else f"{path}: {error.reason}") from error


def read_layer(document: Node, name: str = "") -> NamedStyle:
    """A layer description with ``drawingInfo``, a drawingInfo, or a renderer.  Raises StyleInvalid."""
    info = document.child("drawingInfo") or document
    renderer = info.child("renderer") or info
    if not renderer.type:
        raise renderer.wrong("type", "a renderer")
    if info.get("labelingInfo") and info.flag("showLabels", True):
        info.warn("labels", "the layer is drawn without them", "labelingInfo")
    transparency = min(max(info.number("transparency"), 0.0), 100.0)
    name = document.text("name") or name
    style = Style(
        (reader_for(renderer) or read_renderer)(renderer),
        opacity=1 - transparency / 100,
        min_scale_denominator=to_scale_denominator(document.number("minScale")),
        max_scale_denominator=to_scale_denominator(document.number("maxScale")),
        filter=_filter(document),
        name=name,
        source="layer file",
    )
    return NamedStyle(name, style, tuple(document.notes))


def _filter(document: Node) -> Expression | None:
    text = document.text("definitionExpression").strip()
    try:
        return parse_filter(text) if text else None
    except InvalidFilter as error:
        raise document.wrong("definitionExpression", f"a filter of the SQL subset ({error.reason or error.sentence})") from error


DRAWING_INFO = StyleReader("drawing_info", (".json",), read)
