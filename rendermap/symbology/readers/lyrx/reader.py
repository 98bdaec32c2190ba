"""CIMLayerDocument -> its layers, with what their groups do to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rendermap.errors import InvalidFilter, StyleInvalid
from rendermap.limits import GROUP_DEPTH
from rendermap.symbology.blends import FROM_CIM
from rendermap.symbology.document import Node, Notes, StyleWarning, beyond, read_document
from rendermap.symbology.esri_expressions import filter_of
from rendermap.symbology.expressions.sql import parse_filter
from rendermap.symbology.expressions.tree import And, Expression
from rendermap.symbology.readers.lyrx.colorizers import read_colorizer
from rendermap.symbology.readers.lyrx.labels import read_labels
from rendermap.symbology.readers.lyrx.references import SymbolReader
from rendermap.symbology.readers.lyrx.renderers import read_renderer
from rendermap.symbology.readers.style_reader import ESRI_THEMES, NamedStyle, StyleReader, in_file, to_scale_denominator
from rendermap.symbology.style import Style


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
        raise in_file(error, path) from error


def read_layers(document: Node) -> tuple[NamedStyle, ...]:
    """The drawable layers of a CIMLayerDocument.  Raises StyleInvalid."""
    if document.type != "CIMLayerDocument":
        raise document.wrong("type", "CIMLayerDocument")
    definitions = {node.text("uRI"): node for node in document.children("layerDefinitions")}
    roots = document.texts("layers") or tuple(definitions)
    left_out: list[StyleWarning] = []
    found = tuple(_leaves(roots, definitions, _Above(), 0, left_out))
    if not found:
        raise document.wrong("layerDefinitions", "a feature layer or a raster layer")
    first = replace(found[0], warnings=(*found[0].warnings, *left_out))
    return (first, *found[1:])


def _leaves(
    uris: tuple[str, ...], definitions: dict[str, Node], above: _Above, depth: int, left_out: list[StyleWarning]
) -> Iterator[NamedStyle]:
    if depth > GROUP_DEPTH.value:
        raise beyond(GROUP_DEPTH, "$.layerDefinitions, or groups in a ring")
    for uri in uris:
        node = definitions.get(uri)
        if node is None:
            continue
        inner = node.texts("layers") or node.texts("subtypeLayers")
        if node.has("renderer") or node.has("colorizer"):
            yield _layer(_with_own_notes(node), above.under(node))
        elif inner:
            yield from _leaves(inner, definitions, above.under(node), depth + 1, left_out)
        elif "Group" not in node.type:
            left_out.append(StyleWarning(node.path, f"the layer {node.text('name')!r} of the kind {node.type}", "it is left out"))


def _with_own_notes(node: Node) -> Node:
    """The node with a list of notes of its own, so that each layer has just its warnings."""
    return Node(node.value, node.path, Notes(node.notes.gallery))


def _layer(node: Node, seen: _Above) -> NamedStyle:
    name = node.text("name")
    style = replace(
        _drawn(node),
        opacity=seen.opacity,
        min_scale_denominator=seen.farthest,
        max_scale_denominator=seen.nearest,
        filter=_both(_filter(node), _display_filter(node)),
        blend=_blend(node),
        name=name,
        source="layer file",
    )
    if node.has("renderer"):
        style = replace(style, labels=read_labels(node))
    _warn_undrawn(node)
    return NamedStyle(name, style, tuple(node.notes))


def _drawn(node: Node) -> Style:
    if node.has("colorizer"):
        return read_colorizer(node.need("colorizer"))
    return Style(read_renderer(node.need("renderer"), SymbolReader(_levels(node))))


def _levels(node: Node) -> Mapping[str, int]:
    """The level of each named symbol layer: the list begins with the topmost."""
    drawing = node.child("symbolLayerDrawing")
    if drawing is None or not drawing.flag("useSymbolLayerDrawing"):
        return {}
    names = [item.text("symbolLayerName") for item in drawing.children("symbolLayers")]
    return {name: level for level, name in enumerate(reversed(names), 1) if name}


def _blend(node: Node) -> str:
    mode = node.text("blendingMode", "Normal")
    if mode not in FROM_CIM:
        node.warn(f"the blending mode {mode}", "normal blending is used", "blendingMode")
    return FROM_CIM.get(mode, "normal")


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


def _both(one: Expression | None, other: Expression | None) -> Expression | None:
    return And((one, other)) if one and other else one or other


def _display_filter(node: Node) -> Expression | None:
    """The display filter chosen by name, or the only one there is for all scales.  Such filters clear a map and hide nothing."""
    if not node.flag("enableDisplayFilters"):
        return None
    name, choices = node.text("displayFilterName"), node.children("displayFilterChoices")
    listed = [c for c in choices if name and c.text("name") == name] or list(node.children("displayFilters"))
    if any(f.number("minScale") or f.number("maxScale") for f in listed) or len(listed) > 1:
        node.warn("display filters by scale", "all features are drawn at every scale", "displayFilters")
        return None
    return filter_of(listed[0], "whereClause", "all features are drawn") if listed else None


def _warn_undrawn(node: Node) -> None:
    """A layer's ``scaleSymbols`` says nothing here: a layer file has no map, and so no reference scale."""
    for key, found, used in _UNDRAWN:
        if node.get(key) not in (None, [], {}, ""):
            node.warn(found, used, key)
    if node.text("featureBlendingMode", "Normal") not in ("Normal", "None", "Alpha"):
        node.warn("features blended with each other", "they are drawn one over the other", "featureBlendingMode")


_UNDRAWN = (
    ("featureReduction", "feature reduction", "each feature is drawn"),
    ("layerMasks", "masks", "nothing is masked"),
    ("featureMasks", "masks", "nothing is masked"),
    ("maskedSymbolLayers", "masked symbol layers", "nothing is masked"),
    ("layerEffects", "effects on the whole layer", "the layer is drawn without them"),
    ("featureSortInfos", "features in an order of their own", "they are drawn as the data has them"),
    ("pageDefinition", "features of one page", "those of all pages are drawn"),
    ("extrusion", "extrusion", "features are drawn flat"),
)
LYRX = StyleReader("lyrx", ".lyrx", (".lyrx",), read, ESRI_THEMES, "from_cim")
