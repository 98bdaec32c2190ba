"""Mapnik called directly, in a process of its own: a map of one set, opened once and kept, as a program written around it would.

Standard input: the set, then a line for each thing to do, `{"boxes": [...], "size_px": [...]}` or `{"encode": times}`.
Standard output: a line for each, with the CPU seconds it took.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from rendermap.render.engine import mapnik  # isort: skip

import numpy as np

from rendermap.imaging.encode import encode
from tests.bench.peers.sets import (
    CLASS_COLOURS,
    FILL_OPACITY,
    LAND_COVER,
    MARKER_OUTLINE_PX,
    MARKER_PX,
    OUTLINE_COLOUR,
    OUTLINE_PX,
    RAMP,
    TILE_PX,
)

Described = dict[str, Any]
PNG = "png32:z=1"
"""Mapnik's own default takes four times as long."""


def map_document(described: Described) -> str:
    """The set in Mapnik's own words.  described: kind, epsg and data, the path of the file."""
    whole = Element("Map", srs="epsg:3857", attrib={"buffer-size": str(MARKER_PX)})
    (add_raster_style if described["kind"] in ("ramp", "categories") else add_feature_style)(whole, described["kind"])
    layer = SubElement(whole, "Layer", name="drawn", srs=f"epsg:{described['epsg']}")
    SubElement(layer, "StyleName").text = "drawn"
    data = Path(described["data"])
    source = {"type": "gdal", "band": "1"} if data.suffix == ".tif" else {"type": "ogr", "layer": data.stem}
    told = SubElement(layer, "Datasource")
    for name, value in {**source, "file": str(data)}.items():
        SubElement(told, "Parameter", name=name).text = value
    return tostring(whole, encoding="unicode")


def add_feature_style(whole: Element, kind: str) -> None:
    """A rule for each class."""
    style = SubElement(whole, "Style", name="drawn")
    for n, colour in enumerate(CLASS_COLOURS):
        rule = SubElement(style, "Rule")
        SubElement(rule, "Filter").text = f"[cls] = {n}"
        if kind == "point":
            outline = {"stroke": OUTLINE_COLOUR, "stroke-width": str(MARKER_OUTLINE_PX)}
            mark = {"width": str(MARKER_PX), "height": str(MARKER_PX), "fill": colour, "allow-overlap": "true", "ignore-placement": "true"}
            SubElement(rule, "MarkersSymbolizer", {**mark, **outline})
        else:
            SubElement(rule, "PolygonSymbolizer", {"fill": colour, "fill-opacity": str(FILL_OPACITY)})
            SubElement(rule, "LineSymbolizer", {"stroke": OUTLINE_COLOUR, "stroke-width": str(OUTLINE_PX)})


def add_raster_style(whole: Element, kind: str) -> None:
    """Colours between the stops of the ramp, or one for each land cover."""
    rule = SubElement(SubElement(whole, "Style", name="drawn"), "Rule")
    symbolizer = SubElement(rule, "RasterSymbolizer", scaling="bilinear" if kind == "ramp" else "near")
    mode, stops = ("linear", dict(RAMP)) if kind == "ramp" else ("exact", LAND_COVER)
    colorizer = SubElement(symbolizer, "RasterColorizer", {"default-mode": mode, "default-color": "transparent"})
    for value, colour in stops.items():
        SubElement(colorizer, "stop", value=str(value), color=colour)


def draw(opened: mapnik.Map, box: list[float], size_px: list[int]) -> mapnik.Image:
    """One picture."""
    image = mapnik.Image(*size_px)
    opened.resize(*size_px)
    opened.zoom_to_box(mapnik.Box2d(*box))
    mapnik.render(opened, image)
    return image


def cpu_s(act: Callable[[], object]) -> float:
    """CPU time of all threads."""
    began = time.process_time()
    act()
    return time.process_time() - began


def answer(opened: mapnik.Map, asked: dict[str, Any]) -> dict[str, float]:
    """Draws and encodes; or encodes one drawn picture again and again, with our encoder and with Mapnik's."""
    if "encode" not in asked:
        return {"cpu_s": cpu_s(lambda: [draw(opened, box, asked["size_px"]).to_string(PNG) for box in asked["boxes"]])}
    image = draw(opened, asked["box"], [TILE_PX, TILE_PX])
    pixels = np.frombuffer(image.to_string(), np.uint8).reshape(TILE_PX, TILE_PX, 4)
    times = range(asked["encode"])
    theirs = cpu_s(lambda: [image.to_string(PNG) for _ in times])
    return {"ours_s": cpu_s(lambda: [encode(pixels, "png32") for _ in times]), "cpu_s": theirs}


def main() -> None:
    """Answers until its input ends."""
    opened = mapnik.Map(TILE_PX, TILE_PX)
    mapnik.load_map_from_string(opened, map_document(json.loads(sys.stdin.readline())))
    opened.aspect_fix_mode = mapnik.aspect_fix_mode.RESPECT
    for line in sys.stdin:
        print(json.dumps(answer(opened, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
