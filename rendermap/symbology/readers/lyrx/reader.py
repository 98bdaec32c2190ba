"""CIMLayerDocument -> its layers, with what their groups do to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.symbology.document import Node, read_document
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import Expression
from rendermap.symbology.readers.lyrx.colorizers import read_colorizer
from rendermap.symbology.readers.lyrx.renderers import read_renderer
from rendermap.symbology.readers.style_reader import NamedStyle, StyleReader, to_scale_denominator
from rendermap.symbology.style import Style

_BLENDS = {
    "None": "normal",
    "Alpha": "normal",
    "Normal": "normal",
    "Multiply": "multiply",
}
_DEEPEST_GROUPS = 16


@dataclass(frozen=True, slots=True)
class _Above:
    """What the groups above a layer do to it.  farthest, nearest: scale denominators, None for no limit."""

    opacity: float = 1.0
    farthest: float | None = None
    nearest: float | None = None

    def under(self, node: Node) -> _Above:
        """The same, and what node itself adds."""
        transparency = min(max(node.number("transparency"), 0.0), 100.0)
        farthest, nearest = to_scale_denominator(node.number("minScale")), to_scale_denominator(node.number("maxScale"))
        return _Above(
            self.opacity * (1 - transparency / 100),
            min((s for s in (self.farthest, farthest) if s is not None), default=None),
            max((s for s in (self.nearest, nearest) if s is not None), default=None),
        )


def read(path: Path) -> tuple[NamedStyle, ...]:
    """The drawable layers of a .lyrx file, in its order.

    Raises StyleInvalid.  Spec: Esri CIM specification, versions 2 and 3.
    """
    try:
        return read_layers(read_document(path))
    except StyleInvalid as error:
        raise StyleInvalid(reason=error.reason if str(path) in (error.reason or "") else f"{path}: {error.reason}") from error


def read_layers(document: Node) -> tuple[NamedStyle, ...]:
    """The drawable layers of a CIMLayerDocument.  Raises StyleInvalid."""
    if document.type != "CIMLayerDocument":
        raise document.wrong("type", "CIMLayerDocument")
    definitions = {node.text("uRI"): node for node in document.children("layerDefinitions")}
    roots = document.texts("layers") or tuple(definitions)
    found = tuple(_leaves(roots, definitions, _Above(), 0))
    if not found:
        raise document.wrong("layerDefinitions", "a feature layer or a raster layer")
    return found


def _leaves(uris: tuple[str, ...], definitions: dict[str, Node], above: _Above, depth: int) -> Iterator[NamedStyle]:
    if depth > _DEEPEST_GROUPS:
        raise StyleInvalid(reason="$.layerDefinitions: groups are nested too deeply, or in a ring")
    for uri in uris:
        node = definitions.get(uri)
        if node is None:
            continue
        if node.has("renderer") or node.has("colorizer"):
            yield _layer(_with_own_notes(node), above.under(node))
        elif node.has("layers"):
            yield from _leaves(node.texts("layers"), definitions, above.under(node), depth + 1)


def _with_own_notes(node: Node) -> Node:
    """The node with a list of notes of its own, so that each layer has just its warnings."""
    return Node(node.value, node.path, [])


def _layer(node: Node, seen: _Above) -> NamedStyle:
    name = node.text("name")
    style = replace(
        _drawn(node),
        opacity=seen.opacity,
        min_scale_denominator=seen.farthest,
        max_scale_denominator=seen.nearest,
        filter=_filter(node),
        blend=_blend(node),
        name=name,
        source="layer file",
    )
    _warn_undrawn(node)
    return NamedStyle(name, style, tuple(node.notes))


def _drawn(node: Node) -> Style:
    if node.has("colorizer"):
        return read_colorizer(node.need("colorizer"))
    return Style(read_renderer(node.need("renderer")))


def _blend(node: Node) -> str:
    mode = node.text("blendingMode", "Normal")
    if mode not in _BLENDS:
        node.warn(f"the blending mode {mode}", "normal blending is used", "blendingMode")
    return _BLENDS.get(mode, "normal")


def _filter(node: Node) -> Expression | None:
    """The definition query.  One that cannot be understood is an error: without it, hidden features would show."""
    table = node.child("featureTable") or node
    text = table.text("definitionExpression").strip()
    if not text:
        chosen = table.text("definitionExpressionName")
        choices = (*table.children("definitionFilterChoices"), *table.children("definitionExpressionChoices"))
        text = next((c.text("definitionExpression").strip() for c in choices if chosen and c.text("name") == chosen), "")
    if not text:
        return None
    try:
        return parse_filter(text)
    except InvalidFilter as error:
        raise table.wrong("definitionExpression", f"a filter of the SQL subset ({error.reason or error.sentence})") from error


def _warn_undrawn(node: Node) -> None:
    if node.flag("labelVisibility"):
        node.warn("labels", "the layer is drawn without them", "labelClasses")
    if node.flag("enableDisplayFilters"):
        node.warn("display filters", "all features are drawn", "displayFilters")
    if node.has("featureReduction"):
        node.warn("feature reduction", "each feature is drawn", "featureReduction")
    if node.has("layerMasks") or node.has("featureMasks"):
        node.warn("masks", "nothing is masked", "layerMasks")
    drawing = node.child("symbolLayerDrawing")
    if drawing is not None and drawing.flag("useSymbolLayerDrawing"):
        drawing.warn("symbol layer drawing", "each feature is drawn whole, one after the other")


LYRX = StyleReader("lyrx", (".lyrx",), read)
