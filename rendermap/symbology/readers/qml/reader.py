"""A QGIS layer style -> its one layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rendermap.errors import StyleInvalid
from rendermap.symbology.blends import FROM_QGIS
from rendermap.symbology.document import to_number
from rendermap.symbology.readers.qml.labels import read_labels
from rendermap.symbology.readers.qml.rasters import read_adjustment, read_raster, read_resampling
from rendermap.symbology.readers.qml.renderers import read_renderer
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader, in_file, to_scale_denominator
from rendermap.symbology.style import (
    RGB,
    Breaks,
    Categories,
    Classified,
    Graded,
    HeatMap,
    Proportional,
    Rules,
    ShadedRelief,
    Single,
    Stretch,
    Style,
    UniqueRaster,
)
from rendermap.symbology.xml_document import XmlNode, read_xml


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The layer of a .qml file, named as the file is.

    Raises StyleInvalid.  Spec: there is none; the styles that QGIS 2.18 to 3.44 write.
    """
    try:
        return (read_layer(read_xml(path), path.stem),)
    except StyleInvalid as error:
        raise in_file(error, path) from error


def read_layer(root: XmlNode, name: str = "") -> NamedStyle:
    """The layer of a ``qgis`` element.  Raises StyleInvalid."""
    if root.name != "qgis":
        raise root.wrong(f"the element <{root.name}>", "<qgis>, a layer style of QGIS")
    raster = root.path("pipe", "rasterrenderer") or root.child("rasterrenderer")
    renderer = root.child("renderer-v2")
    if raster is None and renderer is None:
        raise root.wrong("neither <renderer-v2> nor <rasterrenderer>", "one of them, with the symbology")
    farthest, nearest = _scales(root)
    style = _raster_style(root, raster) if raster is not None else _vector_style(root, renderer)
    named = replace(
        style, min_scale_denominator=farthest, max_scale_denominator=nearest, blend=_blend(root), name=name, source="layer file"
    )
    return NamedStyle(name, named, tuple(root.notes))


def _vector_style(root: XmlNode, renderer: XmlNode | None) -> Style:
    assert renderer is not None
    if _text(root, "featureBlendMode") not in ("", "0"):
        root.warn("features blended with each other", "they are drawn one over the other")
    diagrams = [c for child in root.children() if child.name.endswith("DiagramRenderer") for c in child.children("DiagramCategory")]
    for diagram in diagrams:
        if diagram.flag("enabled"):
            diagram.warn("diagrams", "features are drawn without them")
    theme = read_renderer(renderer)
    transparency = to_number(_text(root, "layerTransparency")) or 0.0
    opacity = to_number(_text(root, "layerOpacity"))
    return Style(theme, _share(1 - transparency / 100 if opacity is None else opacity), labels=read_labels(root))


def _raster_style(root: XmlNode, renderer: XmlNode) -> Style:
    theme, nodata = read_raster(root, renderer)
    pipe = root.child("pipe") or root
    return Style(
        theme,
        _share(renderer.number("opacity", 1.0)),
        nodata_color=nodata,
        adjustment=read_adjustment(pipe),
        resampling=read_resampling(pipe),
    )


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _text(root: XmlNode, name: str) -> str:
    found = root.child(name)
    return found.text if found is not None else ""


def _blend(root: XmlNode) -> str:
    text = _text(root, "blendMode") or "0"
    number = to_number(text)
    name = FROM_QGIS.get(int(number)) if number is not None else None
    if name is None:
        root.warn(f"the blending mode {text}", "normal blending is used")
    return name or "normal"


def _scales(root: XmlNode) -> tuple[float | None, float | None]:
    """(farthest, nearest): QGIS 3 calls the farthest scale the smallest, QGIS 2 called its number the largest."""
    if not root.flag("hasScaleBasedVisibilityFlag"):
        return None, None
    far = root.number("minScale", root.number("maximumScale"))
    near = root.number("maxScale", root.number("minimumScale"))
    if 0 < far < near:
        far, near = near, far
    return to_scale_denominator(far), to_scale_denominator(near)


THEMES = (Single, Categories, Breaks, Graded, Rules, HeatMap, Proportional, Stretch, Classified, UniqueRaster, RGB, ShadedRelief)
QML = StyleReader("qml", "QGIS .qml", (".qml",), read, THEMES, "from_qml")
