"""A Mapnik map document -> one style for each of its layers, or for each of its styles where it has no layers.

Only what draws is taken: styles, their rules and their symbolizers.  Datasources, fonts, includes and files are never opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rendermap.errors import StyleInvalid
from rendermap.symbology.readers.mapnik.colorizer import read_colorizer
from rendermap.symbology.readers.mapnik.engine import read_engine
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader
from rendermap.symbology.style import Classified, Engine, Stretch, Style, UniqueRaster
from rendermap.symbology.xml_document import XmlNode, read_xml

_ROOTS = ("Map", "Style")


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The layers of a Mapnik document, in its order.  Raises StyleInvalid.  Spec: Mapnik's XML configuration reference, 4.x."""
    root = read_xml(path)
    try:
        found = tuple(read_map(root, path.stem))
    except StyleInvalid as error:
        raise StyleInvalid(error.sentence, reason=f"{path}: {error.reason}") from error
    if not found:
        raise StyleInvalid(reason=f"{path}: {root.where}: there is no style in it")
    return found


def read_map(root: XmlNode, name: str) -> Iterator[NamedStyle]:
    """The styles under a document's root.  name: of a layer that has none.  Raises StyleInvalid."""
    if root.name not in _ROOTS:
        raise root.wrong("the root", "Map or Style")
    if root.name == "Style":
        yield _named(name, (_fresh(root),))
        return
    styles = {style.attribute("name"): style for style in root.children("Style")}
    layers = root.children("Layer")
    for layer in layers:
        noted = _fresh(layer)
        if layer.child("Datasource"):
            noted.warn("a datasource", "the data of the job is drawn")
        missing = [reference.whole_text for reference in layer.children("StyleName") if reference.whole_text not in styles]
        if missing:
            raise layer.wrong(f"the style {missing[0]!r}", "the name of a style in this document")
        chosen = tuple(XmlNode(styles[reference.whole_text].element, noted.notes) for reference in layer.children("StyleName"))
        if chosen:
            yield _named(layer.attribute("name", name), chosen)
    if not layers:
        for key, style in styles.items():
            yield _named(key or name, (_fresh(style),))


def _fresh(node: XmlNode) -> XmlNode:
    """The node with notes of its own, so that each layer has just its warnings."""
    return XmlNode(node.element)


def _named(name: str, styles: tuple[XmlNode, ...]) -> NamedStyle:
    theme = read_colorizer(styles) or read_engine(styles)
    notes = tuple(dict.fromkeys(note for style in styles for note in style.notes))
    return NamedStyle(name, Style(theme, name=name, source="layer file"), notes)


MAPNIK = StyleReader("mapnik", "Mapnik XML", (".xml",), read, (Engine, Stretch, Classified, UniqueRaster))
