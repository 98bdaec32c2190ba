"""ArcGIS REST ``drawingInfo`` JSON, or a renderer alone: one layer a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.symbology.blends import FROM_WEB_MAP
from rendermap.symbology.document import Node, read_document
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.readers.drawing_info.labels import read_labels
from rendermap.symbology.readers.drawing_info.rasters import reader_for
from rendermap.symbology.readers.drawing_info.renderers import read_renderer
from rendermap.symbology.readers.style_reader import ESRI_THEMES, NamedStyle, StyleReader, in_file, to_scale_denominator
from rendermap.symbology.style import Style
from rendermap.symbology.template import template_geometry


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The one layer of a JSON file; its name is the document's, else the file's.

    Raises StyleInvalid.  Spec: ArcGIS REST API, drawingInfo and renderer objects.
    """
    try:
        return (read_layer(read_document(path), path.stem),)
    except StyleInvalid as error:
        raise in_file(error, path) from error


def read_layer(document: Node, name: str = "") -> NamedStyle:
    """A layer description with ``drawingInfo``, a drawingInfo, a layer of a web map, or a renderer.  Raises StyleInvalid."""
    layer = document.child("layerDefinition") or document
    info = layer.child("drawingInfo") or layer
    renderer = info.child("renderer") or info
    if not renderer.type:
        raise renderer.wrong("type", "a renderer")
    name = document.text("name") or document.text("title") or name
    style = Style(
        (reader_for(renderer) or read_renderer)(renderer),
        opacity=_opacity(document, info),
        min_scale_denominator=to_scale_denominator(layer.number("minScale")),
        max_scale_denominator=to_scale_denominator(layer.number("maxScale")),
        filter=_filter(layer),
        blend=_blend(document),
        name=name,
        source="layer file",
    )
    if info.get("labelingInfo") and document.flag("showLabels", True) and info.flag("showLabels", True):
        style = replace(style, labels=read_labels(info, _geometry_of(layer, style)))
    return NamedStyle(name, style, tuple(document.notes))


def _geometry_of(layer: Node, style: Style) -> str:
    """What the layer holds, as its description says, else as its symbols look."""
    return _GEOMETRIES.get(layer.text("geometryType")) or template_geometry(style)


_GEOMETRIES = {
    "esriGeometryPoint": "point",
    "esriGeometryMultipoint": "point",
    "esriGeometryPolyline": "line",
    "esriGeometryPolygon": "polygon",
}


def _opacity(document: Node, info: Node) -> float:
    """``transparency`` of the drawing in per cent, and ``opacity`` of a layer in a web map."""
    transparency = min(max(info.number("transparency"), 0.0), 100.0)
    return (1 - transparency / 100) * min(max(document.number("opacity", 1.0), 0.0), 1.0)


def _blend(document: Node) -> str:
    mode = document.text("blendMode", "normal")
    if mode not in FROM_WEB_MAP:
        document.warn(f"the blend mode {mode!r}", "normal blending is used", "blendMode")
    return FROM_WEB_MAP.get(mode, "normal")


def _filter(document: Node) -> Expression | None:
    text = document.text("definitionExpression").strip()
    try:
        return parse_filter(text) if text else None
    except InvalidFilter as error:
        raise document.wrong("definitionExpression", f"a filter of the SQL subset ({error.reason or error.sentence})") from error


DRAWING_INFO = StyleReader("drawing_info", "drawingInfo", (".json",), read, ESRI_THEMES, "from_esri")
