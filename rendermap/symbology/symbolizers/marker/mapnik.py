"""Marker -> Mapnik."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

from rendermap.symbology import paths, shapes
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbolizers.marker.pattern import tile
from rendermap.symbology.symbolizers.sizing import factor
from rendermap.symbology.symbolizers.stroke import mapnik as strokes
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT, Canvas, format_number, paint, to_px
from rendermap.symbology.symbols import Color, Marker, PointLayer

_LINE_SPACING_PT = 48.0
_ALONG = {"line": "line", "first": "vertex-first", "last": "vertex-last"}


def write(marker: Marker, canvas: Canvas) -> list[Element]:
    """A MarkersSymbolizer that is never left out for want of room; a pattern in polygons where the marker says so."""
    geometry = canvas.geometry
    if marker.placement == "points" and geometry is not GeometryKind.POINT:
        return []
    if marker.size_pt <= 0 or not ((marker.fill and marker.fill.a) or (marker.stroke and strokes.is_visible(marker.stroke))):
        return []
    if geometry is GeometryKind.POLYGON and marker.placement == "pattern":
        return [Element("PolygonPatternSymbolizer", {"file": canvas.file(tile(marker).encode(), ".svg"), "alignment": "global"})]
    element = Element("MarkersSymbolizer", {"allow-overlap": "true", "ignore-placement": "true", **placed(marker, geometry)})
    if marker.path == shapes.CIRCLE and not (marker.stroke and marker.stroke.dash_pt):
        _set_circle(element, marker, canvas)
        marker = replace(marker, size_by=None)
    else:
        element.set("file", canvas.file(_svg(marker).encode(), ".svg"))
        if marker.size_by and marker.stroke and strokes.is_visible(marker.stroke):
            # The transform makes the outline wider too; it must stay as wide as it is.  Mapnik divides whole numbers without their rest.
            element.set("stroke-width", f"1.0*{to_px(marker.stroke.width_pt)}/{factor(marker.size_by, canvas)}")
    transform = transform_of(marker, canvas)
    if transform:
        element.set("transform", transform)
    return [element]


def placed(marker: PointLayer, geometry: GeometryKind) -> dict[str, str]:
    """Where a marker stands on each kind of geometry."""
    if geometry is GeometryKind.POINT:
        return {"multi-policy": "each"}
    if marker.placement in _ALONG or (geometry is GeometryKind.LINE and marker.placement != "center"):
        where = _ALONG.get(marker.placement, "line")
        along = {"spacing": to_px(marker.spacing_pt or _LINE_SPACING_PT)} if where == "line" else {}
        return {"placement": where, **along, **({"direction": "up"} if marker.is_upright else {})}
    if geometry is GeometryKind.POLYGON:
        return {"placement": "interior", "multi-policy": "largest"}
    return {"placement": "point"}


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
    reach = max(paths.reach_of(marker.path) * marker.size_pt * PX_PER_PT, 0.5)
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
        if strokes.dashes_px(line):
            painted["stroke-dasharray"] = ",".join(format_number(dash) for dash in strokes.dashes_px(line))
    path = paths.scale_path(marker.path, marker.size_pt * PX_PER_PT)
    return f'<path d="{path}" {" ".join(f"{k}={v!r}" for k, v in painted.items())}/>'.replace("'", '"')
