"""A run of vector layers -> a Mapnik map document, as escaped text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, SubElement, tostring

from rendermap.dispatch.plan import LayerPlan
from rendermap.errors import SourceUnreadable
from rendermap.render.assets import Assets
from rendermap.render.engine_styles import engine_styles, font_sets
from rendermap.render.mapnik_filter import Columns
from rendermap.render.painted import painted, turned
from rendermap.render.pieces import ORDER, Pieces, pieced
from rendermap.render.remakings import AnyRemaking, remaking_of
from rendermap.render.theme_rules import DrawnRule, applies_all, drawn_first, rules_of
from rendermap.symbology.embedded import SVG
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.style import Engine, Style
from rendermap.symbology.symbols import PictureFill
from rendermap.symbology.template import symbols_of, values_of

_IS_POINT = "([mapnik::geometry_type] = point)"
_HIDING_PX, _HIDING_OPACITY = 0.5, 0.5
_CUT = ("PolygonSymbolizer", "LineSymbolizer")
_SHAPING = frozenset({"stroke-dasharray", "offset", "smooth", "geometry-transform", "clip"})
"""What is done to a geometry before it is drawn, or along it, and must meet all of it; or what its author decided."""


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """One layer of a document.

    columns: what the rules ask of the dataset.  order: columns whose largest numbers are drawn first, none for the dataset's own order.
    remaking: what must be made of the features first, in a copy.
    """

    crs: str
    geometry: GeometryKind
    style: Style
    columns: Columns
    rules: tuple[DrawnRule, ...]
    is_mixed: bool = False
    order: tuple[str, ...] = ()
    remaking: AnyRemaking | None = None


def drawn_layer(plan: LayerPlan, columns: Columns | None = None) -> DrawnLayer:
    """The rules of a vector layer, first match wins, and the columns they need.

    columns: where the features have them under other names than the dataset's own.
    Raises SourceUnreadable for a raster, StyleInvalid for a style whose fields the dataset does not have.
    """
    facts = plan.layer.facts
    if not isinstance(facts, VectorFacts):
        raise SourceUnreadable(reason="a raster in a run of vector layers")
    columns = Columns(facts.fields) if columns is None else columns
    remaking = remaking_of(plan, columns)
    rules = rules_of(plan.style, columns, remaking)
    for value in values_of(plan.style.theme):
        columns.operand(value)
    order = drawn_first(plan.style.theme, columns)
    drawn = (order,) if order else ()
    return DrawnLayer(plan.crs, facts.geometry, plan.style, columns, rules, facts.is_mixed, drawn, remaking)


def map_document(
    layers: Sequence[DrawnLayer],
    datasources: Sequence[Mapping[str, str]],
    crs: str,
    assets: Assets,
    pixel_ratio: float = 1.0,
    *,
    cuts_lines: bool = False,
) -> str:
    """The document of a map that draws the layers, bottom first.

    crs: canonical name of the map's CRS.  datasources: Mapnik's parameters, one per layer.  pixel_ratio: see `is_of_one_ratio`.
    cuts_lines: lines are cut a little beyond the edge of what is drawn, where their new ends show.
    """
    root = Element("Map", srs=to_srs(crs))
    for number, (layer, parameters) in enumerate(zip(layers, datasources, strict=True)):
        styles = _styles(f"style {number}", layer, assets, pixel_ratio)
        _cut(styles, _CUT if cuts_lines else _CUT[:1])
        root.extend(font_sets(styles))
        root.extend(styles)
        element = SubElement(root, "Layer", {"name": f"layer {number}", "srs": to_srs(layer.crs)})
        _set_opacity(element, styles, layer.style.opacity)
        for style in styles:
            SubElement(element, "StyleName").text = style.get("name")
        source = SubElement(element, "Datasource")
        for name, value in parameters.items():
            SubElement(source, "Parameter", name=name).text = value
    return tostring(root, encoding="unicode")


def in_pieces(layer: DrawnLayer, crs: str, pieces: Pieces) -> DrawnLayer:
    """The layer drawn from a copy in pieces.  crs: the copy's."""
    columns = layer.columns
    used = columns.used | {field.name: field.name for field in pieces.fields}
    columns = replace(columns, fields=(*columns.fields, *pieces.fields), used=used)
    rules = tuple(pieced(layer.rules, pieces, layer.geometry, follow=applies_all(layer.style.theme)))
    return replace(layer, crs=crs, columns=columns, rules=rules, order=(*layer.order, ORDER))


def is_of_one_ratio(style: Style) -> bool:
    """True for a style whose document serves one pixel ratio only: Mapnik does not scale images that fill polygons."""
    parts = (part for symbol in symbols_of(style.theme) for part in symbol.layers)
    return any(isinstance(part, PictureFill) and part.media_type != SVG for part in parts)


def to_srs(crs: str) -> str:
    """Mapnik's spelling of a canonical CRS name; in lower case its fast path between 4326 and 3857 is taken."""
    return crs.lower() if crs.startswith(("EPSG:", "ESRI:")) else crs


@dataclass(frozen=True, slots=True)
class RuleCanvas:
    """What the symbols of a rule are drawn on."""

    geometry: GeometryKind
    assets: Assets
    columns: Columns
    pixel_ratio: float = 1.0

    def file(self, content: bytes, suffix: str) -> str:
        """See `Canvas`."""
        return self.assets.path(content, suffix)

    def value(self, operand: Operand) -> str:
        """See `Canvas`."""
        return self.columns.operand(operand)


def _styles(name: str, layer: DrawnLayer, assets: Assets, pixel_ratio: float) -> list[Element]:
    theme = layer.style.theme
    if isinstance(theme, Engine):
        return engine_styles(theme, name, layer.style.filter, layer.columns)
    canvas = RuleCanvas(layer.geometry, assets, layer.columns, pixel_ratio)
    return [_style_element(f"{name} level {level}", layer, level, canvas) for level in _levels(layer)]


def _levels(layer: DrawnLayer) -> list[int]:
    """The symbol levels of a layer, lowest first: all features are drawn at one before any is drawn at the next."""
    return sorted({part.level for rule in layer.rules for part in rule.symbol.layers}) or [0]


def _set_opacity(element: Element, styles: Sequence[Element], opacity: float) -> None:
    """Opacity is the layer's, not each symbol's nor each level's: overlaps must not show.  Costs one more picture of the same size."""
    if len(styles) > 1:
        element.set("cache-features", "true")
    if opacity < 1:
        whole = styles[0] if len(styles) == 1 else element
        whole.set("opacity", f"{max(opacity, 0.0):.4f}")


def _style_element(name: str, layer: DrawnLayer, level: int, on: RuleCanvas) -> Element:
    all_apply = applies_all(layer.style.theme)
    style = Element("Style", {"name": name, "filter-mode": "all" if all_apply else "first"})
    for rule, canvas in _on_canvases(layer, on):
        parts = [part for part in rule.symbol.layers if part.level == level]
        if all_apply and not parts:
            # it keeps no feature from others
            continue
        style.append(_rule(rule, turned(painted(parts, canvas, rule.paints), rule.turn)))
    return style


def _on_canvases(layer: DrawnLayer, canvas: RuleCanvas) -> Iterator[tuple[DrawnRule, RuleCanvas]]:
    """Each rule with what it is drawn on; in a mixed layer once for points and once for all else."""
    on_points = replace(canvas, geometry=GeometryKind.POINT)
    for rule in layer.rules:
        if rule.geometry is not None:
            yield rule, replace(canvas, geometry=rule.geometry)
        elif layer.is_mixed and layer.geometry is not GeometryKind.POINT:
            yield _only(rule, _IS_POINT), on_points
            # where all rules apply, the one for points keeps no point from this one
            yield _only(rule, f"(not {_IS_POINT})") if applies_all(layer.style.theme) else rule, canvas
        else:
            yield rule, canvas


def _only(rule: DrawnRule, test: str) -> DrawnRule:
    return replace(rule, test=f"({rule.test}) and {test}" if rule.test else test)


def _rule(rule: DrawnRule, symbolizers: list[Element]) -> Element:
    element = Element("Rule")
    if rule.test is not None:
        SubElement(element, "Filter").text = rule.test
    # Mapnik passes over a rule that draws nothing, and its features would be drawn by the next ones.  A feature has no raster,
    # so this draws nothing and yet is a symbolizer.
    element.extend(symbolizers or [Element("RasterSymbolizer")])
    if symbolizers and _hides_edges(symbolizers[-1]):
        for area in element.iter("PolygonSymbolizer"):
            area.attrib.pop("gamma", None)
    return element


def _hides_edges(top: Element) -> bool:
    """True for an outline along the edges of areas below it: no hairline between neighbours shines through.

    Their edges then need no gamma of their own, and to change it between areas and lines takes Mapnik longer than to draw most of them.
    """
    if top.tag != "LineSymbolizer" or not _SHAPING.isdisjoint(top.keys()):
        return False
    try:
        return float(top.get("stroke-width", "1")) >= _HIDING_PX and float(top.get("stroke-opacity", "1")) >= _HIDING_OPACITY
    except ValueError:  # worked out for each feature
        return False


def _cut(styles: Sequence[Element], kinds: Sequence[str]) -> None:
    """Have symbolizers of some kinds draw without what of a geometry lies beyond the view, which is most of a continent."""
    for kind in kinds:
        for symbolizer in (each for style in styles for each in style.iter(kind)):
            if _SHAPING.isdisjoint(symbolizer.keys()):
                symbolizer.set("clip", "true")
