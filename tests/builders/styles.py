"""Builds CIM documents piece by piece, as layer files hold them, and keeps assets for Mapnik."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rendermap.symbology.document import Node, parse_document
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.readers.lyrx.reader import read_layers
from rendermap.symbology.readers.style_reader import NamedStyle

Json = dict[str, Any]


class FolderCanvas:
    """A canvas whose files lie in a folder, and whose features all have the value 0."""

    def __init__(self, folder: Path, geometry: GeometryKind, pixel_ratio: float = 1.0) -> None:
        self._folder = folder
        self.geometry = geometry
        self.pixel_ratio = pixel_ratio

    def value(self, operand: Operand) -> str:
        return "0"

    def file(self, content: bytes, suffix: str) -> str:
        file = self._folder / (hashlib.blake2b(content, digest_size=8).hexdigest() + suffix)
        file.write_bytes(content)
        return str(file)


def node(value: Json) -> Node:
    """A JSON object as the readers see it."""
    return Node(value, "$")


def rgb(r: float, g: float, b: float, alpha: float = 100) -> Json:
    return {"type": "CIMRGBColor", "values": [r, g, b, alpha]}


def stroke(color: Json | None = None, width: float = 1.0, **more: Any) -> Json:
    return {"type": "CIMSolidStroke", "enable": True, "width": width, "color": color or rgb(0, 0, 0), **more}


def fill(color: Json) -> Json:
    return {"type": "CIMSolidFill", "enable": True, "color": color}


def symbol(kind: str, *layers: Json, **more: Any) -> Json:
    """A reference to a symbol; kind: Point, Line or Polygon; layers: top first, as CIM has them."""
    return {"type": "CIMSymbolReference", "symbol": {"type": f"CIM{kind}Symbol", "symbolLayers": list(layers), **more}}


def vector_marker(
    size: float, geometry: Json, *layers: Json, frame: tuple[float, float, float, float] = (-5, -5, 5, 5), **more: Any
) -> Json:
    """A marker of one graphic drawn with a polygon symbol."""
    box = dict(zip(("xmin", "ymin", "xmax", "ymax"), frame, strict=True))
    graphic = {"type": "CIMMarkerGraphic", "geometry": geometry, "symbol": {"type": "CIMPolygonSymbol", "symbolLayers": list(layers)}}
    return {
        "type": "CIMVectorMarker",
        "enable": True,
        "size": size,
        "frame": box,
        "respectFrame": True,
        "markerGraphics": [graphic],
        **more,
    }


def simple(reference: Json | None = None, **more: Any) -> Json:
    return {"type": "CIMSimpleRenderer", "symbol": reference or symbol("Polygon", fill(rgb(255, 0, 0))), **more}


def unique(fields: list[str], classes: list[tuple[list[str], Json]], **more: Any) -> Json:
    """classes: (values of the fields, symbol reference)."""
    listed = [
        {"type": "CIMUniqueValueClass", "label": "/".join(values), "symbol": ref, "values": [{"fieldValues": values}], "visible": True}
        for values, ref in classes
    ]
    return {"type": "CIMUniqueValueRenderer", "fields": fields, "groups": [{"classes": listed, "heading": "/".join(fields)}], **more}


def breaks(field: str, uppers: list[float | None], **more: Any) -> Json:
    """None leaves the upper limit out, as CIM does with zero."""
    listed = []
    for i, upper in enumerate(uppers):
        item: Json = {"type": "CIMClassBreak", "symbol": symbol("Polygon", fill(rgb(10 * i, 0, 0)))}
        listed.append(item if upper is None else {**item, "upperBound": upper})
    return {"type": "CIMClassBreaksRenderer", "field": field, "breaks": listed, "classificationMethod": "Manual", **more}


def feature_layer(renderer: Json, name: str = "Features", **more: Any) -> Json:
    return {"type": "CIMFeatureLayer", "name": name, "uRI": f"CIMPATH=map/{name}.json", "renderer": renderer, **more}


def raster_layer(colorizer: Json, name: str = "Raster", **more: Any) -> Json:
    return {"type": "CIMRasterLayer", "name": name, "uRI": f"CIMPATH=map/{name}.json", "colorizer": colorizer, **more}


def group_layer(name: str, children: list[str], **more: Any) -> Json:
    return {
        "type": "CIMGroupLayer",
        "name": name,
        "uRI": f"CIMPATH=map/{name}.json",
        "layers": [f"CIMPATH=map/{c}.json" for c in children],
        **more,
    }


def document(*layers: Json, roots: list[str] | None = None) -> Json:
    """A CIMLayerDocument.  roots: names of the layers at the top; all by default."""
    names = roots or [layer["name"] for layer in layers]
    return {
        "type": "CIMLayerDocument",
        "version": "3.1.0",
        "layers": [f"CIMPATH=map/{n}.json" for n in names],
        "layerDefinitions": list(layers),
    }


def read(*layers: Json, roots: list[str] | None = None) -> tuple[NamedStyle, ...]:
    """The layers of a document, read as a file would be."""
    return read_layers(parse_document(json.dumps(document(*layers, roots=roots)).encode()))


def style_file(path: Path, *layers: Json) -> Path:
    """A .lyrx file on disk."""
    path.write_text(json.dumps(document(*layers)), encoding="utf-8")
    return path
