"""StyledLayerDescriptor, or styles that stand alone -> the layers of the document.

Nothing outside the document is ever opened: styles and data by their address are noted and left out.
Spec: OGC 02-070 (SLD 1.0.0), OGC 05-078r4 (SLD 1.1.0), OGC 05-077r4 (SE 1.1.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rendermap.errors import StyleInvalid
from rendermap.symbology.document import Notes
from rendermap.symbology.readers.sld.layers import read_constraint, read_layer
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader, in_file
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
    UniqueRaster,
)
from rendermap.symbology.xml_document import XmlNode, read_xml

_STYLES = ("FeatureTypeStyle", "CoverageStyle")
_LAYERS = ("NamedLayer", "UserLayer")


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The layers of an .sld or .se file, in its order.  Raises StyleInvalid."""
    try:
        return read_layers(read_xml(path))
    except StyleInvalid as error:
        raise in_file(error, path) from error


def read_layers(root: XmlNode) -> tuple[NamedStyle, ...]:
    """The layers of a document.  Raises StyleInvalid."""
    if root.name in _STYLES or root.name == "UserStyle":
        return (_styled(root, _name(root), root),)
    if root.name != "StyledLayerDescriptor":
        raise root.wrong("the document", "a StyledLayerDescriptor, FeatureTypeStyle or CoverageStyle")
    found = tuple(_layers(root))
    if not found:
        raise root.wrong("no style", "a NamedLayer or UserLayer with a UserStyle")
    return found


def _layers(root: XmlNode) -> Iterator[NamedStyle]:
    for inner in root.children():
        layer = XmlNode(inner.element, Notes(root.notes.gallery))
        if layer.name not in _LAYERS:
            continue
        styles = layer.children("UserStyle")
        _warn_outside(layer)
        if styles:
            yield _styled(layer, _name(layer), _default(styles))


def _name(node: XmlNode) -> str:
    child = node.child("Name")
    return child.whole_text if child else ""


def _default(styles: tuple[XmlNode, ...]) -> XmlNode:
    """The style that says that it is the default, else the first."""
    marked = [s for s in styles if (flag := s.child("IsDefault")) is not None and flag.text.lower() in ("1", "true")]
    chosen = (marked or list(styles))[0]
    if len(styles) > 1:
        chosen.warn(f"one of {len(styles)} styles of the layer", "the others are not used")
    return chosen


def _warn_outside(layer: XmlNode) -> None:
    for name in ("RemoteOWS", "InlineFeature"):
        found = layer.child(name)
        if found is not None:
            found.warn("data of the style's own", "the layer's data are drawn")
    for named in layer.children("NamedStyle"):
        named.warn("a style by its name", "only styles in the document are drawn")


def _styled(layer: XmlNode, name: str, style: XmlNode) -> NamedStyle:
    styles = (style,) if style.name in _STYLES else tuple(inner for inner in style.children() if inner.name in _STYLES)
    for inner in style.children("OnlineResource"):
        inner.warn("a style by its address, which is never fetched", "only styles in the document are drawn")
    if not any(inner.children("Rule") for inner in styles):
        raise style.wrong("a style without rules", "a FeatureTypeStyle or CoverageStyle with a Rule")
    for inner in (*styles, *(rule for s in styles for rule in s.children("Rule"))):
        if inner.child("OnlineResource"):
            inner.warn("rules by their address, which is never fetched", "only rules in the document are drawn")
    return read_layer(name, styles, read_constraint(layer), layer)


THEMES = (Single, Categories, Breaks, HeatMap, Rules, Graded, Proportional, Stretch, Classified, UniqueRaster, RGB, ShadedRelief)
SLD = StyleReader("sld", "SLD, SE", (".sld", ".se"), read, THEMES, "from_sld")
