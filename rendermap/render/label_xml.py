"""Labels that have a place -> a Mapnik map, which sets their letters and leaves out what would stand on another's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

import shapely

from rendermap.errors import RenderFailed
from rendermap.geo.lattice import Frame
from rendermap.render.assets import assets
from rendermap.render.engine import mapnik
from rendermap.render.fonts import register_fonts
from rendermap.render.label_places import MIDDLE, Label, Spot, box_at, room_of
from rendermap.render.text_size import LINE_SPACE
from rendermap.symbology.fonts import faces_for, land_of
from rendermap.symbology.labels import LabelClass, TextSymbol
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, format_number, paint, to_px
from rendermap.symbology.symbols import TRANSPARENT

_SRS = "epsg:3857"
"""Of a map in pixels any will do."""

_MOST_BEND_DEG = "35"
_QUERY_PX = 4096
"""A label's own point may lie outside the frame by as much as its style moves it."""

_KEEPS_APART_PX = "1"


class Variant(NamedTuple):
    """Labels of a class that one symbolizer sets."""

    is_curved: bool
    spots: tuple[Spot, ...]
    land: str


@dataclass(frozen=True, slots=True)
class ClassLabels:
    """The labels of a class, those placed first at the front."""

    label: LabelClass
    labels: Sequence[Label]


def label_map(classes: Sequence[ClassLabels], frame: Frame) -> mapnik.Map:
    """The map of a frame's labels, the first class placed first."""
    register_fonts()
    variants = [list(dict.fromkeys(_variant(found) for found in each.labels)) for each in classes]
    view = frame.view
    drawn = mapnik.Map(view.width_px, view.height_px)
    try:
        mapnik.load_map_from_string(drawn, _document(classes, variants, frame))
    except RuntimeError as error:
        raise RenderFailed(reason=str(error)) from error
    for number, each in enumerate(classes):
        drawn.layers[number].datasource = _datasource(each, variants[number])
    drawn.aspect_fix_mode = mapnik.aspect_fix_mode.RESPECT
    drawn.buffer_size = _QUERY_PX
    drawn.zoom_to_box(mapnik.Box2d(0, 0, frame.width, frame.height))
    return drawn


def _variant(found: Label) -> Variant:
    return Variant(found.shape.geom_type == "LineString", found.spots, land_of(found.text))


def _datasource(each: ClassLabels, variants: list[Variant]) -> mapnik.MemoryDatasource:
    numbers = {variant: number for number, variant in enumerate(variants)}
    has_box = is_boxed(each.label.symbol)
    shapes = shapely.to_wkb([_boxed_shape(found) if has_box else found.shape for found in each.labels])
    source, context = mapnik.MemoryDatasource(), mapnik.Context()
    for name in ("t", "r", "v", "b"):
        context.push(name)
    for number, found in enumerate(each.labels):
        feature = mapnik.Feature(context, number + 1)
        feature["t"], feature["r"], feature["v"] = found.text, found.turn_deg, numbers[_variant(found)]
        if has_box:
            feature["b"] = _box_file(each.label.symbol, found)
        feature.geometry = mapnik.Geometry.from_wkb(shapes[number])
        source.add_feature(feature)
    return source


# --- the document -----------------------------------------------------------------------------------------------------


def _document(classes: Sequence[ClassLabels], variants: Sequence[Sequence[Variant]], frame: Frame) -> str:
    root = Element("Map", srs=_SRS)
    for number, (each, kinds) in enumerate(zip(classes, variants, strict=True)):
        for land in dict.fromkeys(variant.land for variant in kinds):
            root.append(_font_set(f"fonts {number} {land}", each.label.symbol, land))
    for number, (each, kinds) in enumerate(zip(classes, variants, strict=True)):
        style = SubElement(root, "Style", {"name": f"class {number}", "filter-mode": "first"})
        for kind, variant in enumerate(kinds):
            rule = SubElement(style, "Rule")
            SubElement(rule, "Filter").text = f"[v]={kind}"
            rule.append(_symbolizer(each.label, variant, f"fonts {number} {variant.land}", frame))
        layer = SubElement(root, "Layer", name=f"class {number}", srs=_SRS)
        SubElement(layer, "StyleName").text = f"class {number}"
    return tostring(root, encoding="unicode")


def _font_set(name: str, symbol: TextSymbol, land: str) -> Element:
    fonts = Element("FontSet", name=name)
    for face in faces_for(symbol.family, is_bold=symbol.is_bold, is_italic=symbol.is_italic, land=land):
        SubElement(fonts, "Font", {"face-name": face})
    return fonts


def _symbolizer(label: LabelClass, variant: Variant, fonts: str, frame: Frame) -> Element:
    has_box = is_boxed(label.symbol)
    element = Element("ShieldSymbolizer" if has_box else "TextSymbolizer", {"fontset-name": fonts, **_letters(label.symbol)})
    element.set("allow-overlap", "true" if label.placement.may_overlap else "false")
    element.attrib.update({"avoid-edges": "true", "minimum-padding": format_number(room_of(frame, label).margin - 1), "clip": "false"})
    element.set("margin", _KEEPS_APART_PX)
    element.text = "[t]"
    if has_box:
        element.set("file", "[b]")
    elif variant.is_curved:
        element.attrib.update({"placement": "line", "dy": format_number(-variant.spots[0].dy), "max-char-angle-delta": _MOST_BEND_DEG})
        element.set("label-position-tolerance", "1000")
    else:
        element.attrib.update({"placement": "point", "placement-type": "list", "orientation": "[r]", **_spot(variant.spots[0])})
        for spot in variant.spots[1:]:
            SubElement(element, "Placement", _spot(spot))
    return element


def _letters(symbol: TextSymbol) -> dict[str, str]:
    color, halo = paint("fill", symbol.color), symbol.halo_color
    letters = {"size": to_px(symbol.size_pt), "fill": color["fill"], "opacity": color["fill-opacity"]}
    letters["line-spacing"] = format_number((symbol.line_height - 1) * LINE_SPACE * symbol.size_pt * PX_PER_PT)
    letters["character-spacing"] = to_px(symbol.letter_spacing_pt)
    if halo is not None and symbol.halo_pt > 0:
        edge = paint("fill", halo)
        letters |= {"halo-fill": edge["fill"], "halo-opacity": edge["fill-opacity"], "halo-radius": to_px(symbol.halo_pt)}
    return letters


def _spot(spot: Spot) -> dict[str, str]:
    """Mapnik's y goes down, and lines of several are set towards the point."""
    justified = {"left": "right", "middle": "center", "right": "left"}[spot.horizontal]
    return {
        "dx": format_number(spot.dx),
        "dy": format_number(-spot.dy),
        "horizontal-alignment": spot.horizontal,
        "vertical-alignment": spot.vertical,
        "justify-alignment": justified,
    }


# --- boxes behind texts -----------------------------------------------------------------------------------------------


def is_boxed(symbol: TextSymbol) -> bool:
    """True for texts with a box behind them, which stand upright."""
    return symbol.box_color is not None or symbol.box_outline is not None


def _boxed_shape(found: Label) -> Any:
    """The middle of the text's box, which the shield stands on."""
    if found.spots[0] == MIDDLE:
        return found.shape
    left, bottom, right, top = box_at(found.shape.x, found.shape.y, found.spots[0], found.size, 0.0)
    return shapely.Point((left + right) / 2, (bottom + top) / 2)


def _box_file(symbol: TextSymbol, found: Label) -> str:
    """A box around a text; widths go in steps of two pixels, so that a few files do."""
    margin = symbol.box_margin_pt * PX_PER_PT
    width, height = (2 * round((side + 2 * margin + 1) / 2) for side in found.size)
    inside = paint("fill", symbol.box_color or TRANSPARENT)
    edge = {**paint("stroke", symbol.box_outline), "stroke-width": "1"} if symbol.box_outline else {}
    painted = " ".join(f'{name}="{value}"' for name, value in {**inside, **edge}.items())
    shape = f"M0.5 0.5L{width - 0.5} 0.5L{width - 0.5} {height - 0.5}L0.5 {height - 0.5}Z"
    frame = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {frame}><path d="{shape}" {painted}/></svg>'
    return assets().path(svg.encode(), ".svg")


def class_order(layers: Sequence[Sequence[LabelClass]]) -> Iterator[tuple[int, int]]:
    """(layer, class) in the order of placing: by priority, then layers from the top, then classes as they stand.

    layers: bottom first.
    """
    listed = [(-label.priority, -number, at) for number, labels in enumerate(layers) for at, label in enumerate(labels)]
    return ((-number, at) for _, number, at in sorted(listed))
