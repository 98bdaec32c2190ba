"""Draws the plans on standard input with Mapnik called directly, one after the other, and prints the seconds it took.

The map is the same: for vectors the very document the service loads; for rasters Mapnik's own gdal plugin with the same colours.
Maps are opened once and kept, as a service written around Mapnik would.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from xml.etree.ElementTree import Element, SubElement, tostring

from rendermap.render.engine import mapnik  # isort: skip

from rendermap.dispatch.plan import LayerPlan, MapPlan
from rendermap.render.mapnik_xml import to_srs
from rendermap.render.vectors import WARM
from rendermap.symbology.facts import VectorFacts
from rendermap.symbology.style import Classified, Colormap, Stretch, UniqueRaster
from rendermap.symbology.symbolizers.symbolizer import PX_PER_PT
from rendermap.symbology.template import reach_pt


def open_map(layer: LayerPlan, crs: str) -> mapnik.Map:
    """A Map of one layer; of vectors the very map that the service's workers load."""
    if isinstance(layer.layer.facts, VectorFacts):
        opened = WARM.get((layer,), crs).map
        opened.buffer_size = int(reach_pt(layer.style) * PX_PER_PT) + 3
        return opened
    opened = mapnik.Map(16, 16)
    mapnik.load_map_from_string(opened, raster_document(layer, crs))
    opened.aspect_fix_mode = mapnik.aspect_fix_mode.RESPECT
    return opened


def raster_document(layer: LayerPlan, crs: str) -> str:
    """Mapnik's own way to draw a raster: gdal plugin, colorizer, bilinear for ramps."""
    theme = layer.style.theme
    mode, stops = "discrete", []
    if isinstance(theme, Stretch):
        mode = "linear"
        low, high = theme.recipe.limits or (0.0, 255.0)
        stops = [(low + position * (high - low), color) for position, color in theme.ramp.stops]
    elif isinstance(theme, Classified):
        lower = theme.minimum if theme.minimum is not None else -1e30
        for each in theme.classes:
            stops.append((lower, each.color))
            lower = each.upper
    elif isinstance(theme, UniqueRaster):
        mode = "exact"
        stops = sorted((value, c.color) for c in theme.classes for value in c.values)
    elif isinstance(theme, Colormap):
        mode = "exact"
        stops = [(value, color) for value, color, _ in theme.entries] or [
            (row[0], row[1:]) for row in layer.layer.facts.bands[theme.band - 1].palette
        ]
    whole = Element("Map", srs=to_srs(crs))
    rule = SubElement(SubElement(whole, "Style", name="raster"), "Rule")
    symbolizer = SubElement(rule, "RasterSymbolizer", scaling="bilinear" if mode == "linear" else "near")
    colorizer = SubElement(symbolizer, "RasterColorizer", {"default-mode": mode, "default-color": "transparent"})
    for value, (r, g, b, a) in stops:
        SubElement(colorizer, "stop", value=repr(float(value)), color=f"rgba({r},{g},{b},{a / 255:.4f})")
    drawn = SubElement(whole, "Layer", name="raster", srs=to_srs(layer.crs))
    SubElement(drawn, "StyleName").text = "raster"
    source = SubElement(drawn, "Datasource")
    for name, value in (("type", "gdal"), ("file", layer.layer.open_name), ("band", str(getattr(theme, "band", 1)))):
        SubElement(source, "Parameter", name=name).text = value
    return tostring(whole, encoding="unicode")


def draw(opened: mapnik.Map, plan: MapPlan) -> mapnik.Image:
    """One picture."""
    image = mapnik.Image(plan.view.width_px, plan.view.height_px)
    opened.resize(plan.view.width_px, plan.view.height_px)
    opened.zoom_to_box(mapnik.Box2d(*plan.view.bbox.corners))
    mapnik.render(opened, image, plan.view.pixel_ratio)
    return image


def main() -> None:
    """Standard input: a pickled list of MapPlans of one layer each.  Standard output: JSON."""
    plans: list[MapPlan] = pickle.load(sys.stdin.buffer)
    opened = open_map(plans[0].layers[0], plans[0].view.crs)
    draw(opened, plans[0])
    draw_s = png_s = 0.0
    began = time.perf_counter()
    for plan in plans:
        start = time.perf_counter()
        image = draw(opened, plan)
        middle = time.perf_counter()
        image.to_string("png32:z=1")
        draw_s += middle - start
        png_s += time.perf_counter() - middle
    print(json.dumps({"draw_s": draw_s, "png_s": png_s, "wall_s": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
