"""A whole Styled Layer Descriptor of one named layer.

Features are written in SE 1.1.  Rasters are written in SLD 1.0.0: the colour maps of SE 1.1 have neither labels nor opacity, and few
clients read them.  What the language cannot say is told in a comment and written as the nearest thing.
Spec: OGC 05-078r4 with 05-077r4; OGC 02-070.
"""

from __future__ import annotations

from xml.etree.ElementTree import Comment, Element, SubElement, indent, tostring

from rendermap.errors import InvalidExpression
from rendermap.symbology.expressions.filter_document import filter_element
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.style import RasterTheme, Style
from rendermap.symbology.writers.sld.features import feature_styles
from rendermap.symbology.writers.sld.rasters import raster_style

_SPACES = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_SE = {"xmlns:se": "http://www.opengis.net/se"}
_SCHEMA = "http://www.opengis.net/sld http://schemas.opengis.net/sld/{version}/StyledLayerDescriptor.xsd"


def write_sld(style: Style, geometry: GeometryKind | None, name: str) -> str:
    """The document, with its declaration.  style: resolved.  geometry: of the features, None for a raster."""
    is_raster = isinstance(style.theme, RasterTheme)
    version = "1.0.0" if is_raster else "1.1.0"
    root = Element("StyledLayerDescriptor", {"version": version, **_SPACES, **({} if is_raster else _SE)})
    root.set("xsi:schemaLocation", _SCHEMA.format(version=version))
    layer = SubElement(root, "NamedLayer")
    prefix = "" if is_raster else "se:"
    SubElement(layer, f"{prefix}Name").text = name
    notes: list[str] = []
    if not is_raster:
        _add_constraint(layer, style, notes)
    user = SubElement(layer, "UserStyle")
    if is_raster:
        user.append(raster_style(style, notes))
    else:
        user.extend(feature_styles(style, geometry or GeometryKind.POLYGON, notes))
    for place, note in enumerate(dict.fromkeys(notes)):
        # Two hyphens end a comment.
        layer.insert(place + 1, Comment(f" {note.replace('--', '- -')} "))
    indent(root, " ")
    _close_texts(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_constraint(layer: Element, style: Style, notes: list[str]) -> None:
    """The layer's filter."""
    if style.filter is None:
        return
    try:
        found = filter_element(style.filter)
    except InvalidExpression as error:
        notes.append(f"the layer's filter cannot be said ({error.reason})")
        return
    constraint = SubElement(SubElement(layer, "LayerFeatureConstraints"), "FeatureTypeConstraint")
    constraint.append(found)


def _close_texts(root: Element) -> None:
    """Labels are told apart by their blanks, so none is added inside them."""
    for label in root.iter("se:Label"):
        label.text = label.text if label.text and label.text.strip() else None
        for inner in label:
            inner.tail = None
