"""Marker -> Mapnik."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from rendermap.symbology import shapes
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.sizing import factor
from rendermap.symbology.symbolizers.stroke import mapnik as strokes
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number, paint, to_px
from rendermap.symbology.symbols import Color, Marker, PointLayer

_LINE_SPACING_PT = 48.0
_PLACEMENTS = {"line": "line", "first": "vertex-first", "last": "vertex-last"}


def write(marker: Marker, canvas: Canvas) -> list[Element]:
    """A MarkersSymbolizer that is never left out for want of room; a pattern in polygons where the marker says so."""
    geometry = canvas.geometry
    if marker.placement == "points" and geometry is not GeometryKind.POINT:
        return []
    if marker.size_pt <= 0 or not ((marker.fill and marker.fill.a) or (marker.stroke and strokes.is_visible(marker.stroke))):
        return []
    if geometry is GeometryKind.POLYGON and marker.placement == "pattern":
        return [Element("PolygonPatternSymbolizer", {"file": canvas.file(_pattern(marker).encode(), ".svg"), "alignment": "global"})]
    element = Element("MarkersSymbolizer", {"allow-overlap": "true", "ignore-placement": "true", **placed(marker, geometry)})
    if marker.path == shapes.CIRCLE and not (marker.stroke and marker.stroke.dash_pt):
        _set_circle(element, marker, canvas)
        marker = replace(marker, size_by=None)
    else:
        element.set("file", canvas.file(_svg(marker).encode(), ".svg"))
    transform = transform_of(marker, canvas)
    if transform:
        element.set("transform", transform)
    return [element]


def placed(marker: PointLayer, geometry: GeometryKind) -> dict[str, str]:
    """Where a marker stands on each kind of geometry."""
    if geometry is GeometryKind.POINT:
        return {"multi-policy": "each"}
    if geometry is GeometryKind.POLYGON:
        return {"placement": "interior", "multi-policy": "largest"}
    if marker.placement == "center":
        return {"placement": "point"}
    where = _PLACEMENTS.get(marker.placement, "line")
    turned = {"direction": "up"} if marker.is_upright else {}
    if where != "line":
        return {"placement": where, **turned}
    return {"placement": where, "spacing": to_px(marker.spacing_pt or _LINE_SPACING_PT), **turned}


def _set_circle(element: Element, marker: Marker, canvas: Canvas) -> None:
    """A circle grows without its outline, as circles do in ArcGIS and QGIS; shapes of their own cannot."""
    side = to_px(marker.size_pt)
    if marker.size_by:
        side = f"{side}*{factor(marker.size_by, canvas)}"
    element.attrib.update({"file": "shape://ellipse", "width": side, "height": side})
    element.attrib.update(paint("fill", marker.fill or Color(0, 0, 0, 0)))
    line = marker.stroke
    element.attrib.update(paint("stroke", line.color if line else Color(0, 0, 0, 0)))
    element.set("stroke-width", to_px(line.width_pt) if line else "0")


def transform_of(marker: PointLayer, canvas: Canvas) -> str:
    """Mapnik turns clockwise, its y goes down; what stands last is done first, so that the offset is not turned."""
    steps = []
    if marker.dx_pt or marker.dy_pt:
        steps.append(f"translate({to_px(marker.dx_pt)}, {to_px(-marker.dy_pt)})")
    if marker.rotation_by is not None:
        steps.append(f"rotate({'' if marker.rotation_clockwise else '-1*'}{canvas.value(marker.rotation_by)})")
    if marker.rotation_deg:
        steps.append(f"rotate({format_number(-marker.rotation_deg)})")
    if marker.size_by:
        steps.append(f"scale({factor(marker.size_by, canvas)})")
    return " ".join(steps)


def _svg(marker: Marker) -> str:
    """The shape at its size in px; an unseen square about the origin keeps Mapnik from centring the shape's own box there."""
    reach = max(shapes.reach_of(marker.path) * marker.size_pt * PX_PER_PT, 0.5)
    r, side = format_number(reach), format_number(2 * reach)
    box = f'<path d="M-{r} -{r}L{r} -{r}L{r} {r}L-{r} {r}Z" fill="none" stroke="none"/>'
    frame = f'width="{side}" height="{side}" viewBox="-{r} -{r} {side} {side}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{box}{_svg_shape(marker)}</svg>'


def _svg_shape(marker: Marker) -> str:
    painted = paint("fill", marker.fill) if marker.fill else {"fill": "none"}
    line = marker.stroke
    if line and strokes.is_visible(line):
        painted |= paint("stroke", line.color)
        painted |= {"stroke-width": to_px(line.width_pt), "stroke-linecap": line.cap, "stroke-linejoin": line.join}
        if line.dash_pt:
            painted["stroke-dasharray"] = ",".join(to_px(max(d, 0.001)) for d in line.dash_pt)
    path = shapes.scale_path(marker.path, marker.size_pt * PX_PER_PT)
    return f'<path d="{path}" {" ".join(f"{k}={v!r}" for k, v in painted.items())}/>'.replace("'", '"')


def _pattern(marker: Marker) -> str:
    """One cell of the grid; staggered rows are two cells, their shapes apart from the cell's sides: Mapnik does not cut them there."""
    across, down = (max(round(pt * PX_PER_PT), 2) for pt in (marker.spacing_pt, marker.spacing_y_pt or marker.spacing_pt))
    middles = [(across / 2, down / 2)]
    if marker.is_staggered:
        middles = [(across / 4, down / 2), (across * 3 / 4, down * 3 / 2)]
    width, height = format_number(across), format_number(down * (2 if marker.is_staggered else 1))
    box = f'<path d="M0 0L{width} 0L{width} {height}L0 {height}Z" fill="none" stroke="none"/>'
    turn = f" rotate({format_number(-marker.rotation_deg)})" if marker.rotation_deg else ""
    drawn = _svg_shape(marker)
    copies = "".join(f'<g transform="translate({format_number(x)},{format_number(y)}){turn}">{drawn}</g>' for x, y in middles)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{box}{copies}</svg>'
