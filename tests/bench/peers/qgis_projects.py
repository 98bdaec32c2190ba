"""Writes QGIS projects; run by the system's Python, whose packages QGIS belongs to.

usage: python3 qgis_projects.py < JSON: a list of {kind, epsg, data, project} and the symbology
"""

import json
import os
import sys
from typing import Any

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsBilinearRasterResampler,
    QgsCategorizedSymbolRenderer,
    QgsColorRampShader,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsPalettedRasterRenderer,
    QgsProject,
    QgsRasterLayer,
    QgsRasterShader,
    QgsRendererCategory,
    QgsSingleBandPseudoColorRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor  # type: ignore[import-not-found]


def write_project(wanted: dict[str, Any], look: dict[str, Any]) -> None:
    """A project of one layer called `drawn`.  Raises RuntimeError when QGIS cannot read the data or write the project."""
    project = QgsProject()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    layer = {"polygon": feature_layer, "point": feature_layer, "ramp": ramp_layer, "categories": category_layer}[wanted["kind"]](
        wanted, look
    )
    layer.setCrs(QgsCoordinateReferenceSystem(f"EPSG:{wanted['epsg']}"))
    project.addMapLayer(layer)
    project.writeEntry("WMSCrsList", "/", ["EPSG:3857"])
    if not layer.isValid() or not project.write(wanted["project"]):
        raise RuntimeError(wanted["project"])


def feature_layer(wanted: dict[str, Any], look: dict[str, Any]) -> Any:
    """Features by class."""
    layer = QgsVectorLayer(wanted["data"], "drawn", "ogr")
    symbol = polygon_symbol if wanted["kind"] == "polygon" else point_symbol
    classes = [QgsRendererCategory(n, symbol(QColor(c), look), str(n)) for n, c in enumerate(look["classes"])]
    layer.setRenderer(QgsCategorizedSymbolRenderer("cls", classes))
    return layer


def polygon_symbol(colour: Any, look: dict[str, Any]) -> Any:
    """Fill and outline."""
    alpha = round(255 * look["fill_opacity"])
    return QgsFillSymbol.createSimple({"color": f"{rgb(colour)},{alpha}", **outline(look, look["outline_px"])})


def point_symbol(colour: Any, look: dict[str, Any]) -> Any:
    """A circle."""
    size = {"name": "circle", "size": str(look["marker_px"]), "size_unit": "Pixel"}
    return QgsMarkerSymbol.createSimple({"color": f"{rgb(colour)},255", **size, **outline(look, look["marker_outline_px"])})


def outline(look: dict[str, Any], width_px: float) -> dict[str, str]:
    """The outline's properties."""
    colour = f"{rgb(QColor(look['outline_colour']))},255"
    return {"outline_color": colour, "outline_width": str(width_px), "outline_width_unit": "Pixel"}


def rgb(colour: Any) -> str:
    """`255,0,0`."""
    return f"{colour.red()},{colour.green()},{colour.blue()}"


def ramp_layer(wanted: dict[str, Any], look: dict[str, Any]) -> Any:
    """Cells along the ramp, read between the cells when zoomed in."""
    layer = QgsRasterLayer(wanted["data"], "drawn")
    stops = look["ramp"]
    ramp = QgsColorRampShader(stops[0][0], stops[-1][0])
    ramp.setColorRampType(QgsColorRampShader.Interpolated)
    ramp.setColorRampItemList([QgsColorRampShader.ColorRampItem(value, QColor(colour)) for value, colour in stops])
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader))
    layer.resampleFilter().setZoomedInResampler(QgsBilinearRasterResampler())
    return layer


def category_layer(wanted: dict[str, Any], look: dict[str, Any]) -> Any:
    """Cells by value."""
    layer = QgsRasterLayer(wanted["data"], "drawn")
    classes = [QgsPalettedRasterRenderer.Class(int(value), QColor(colour)) for value, colour in look["land_cover"].items()]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
    return layer


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    application = QgsApplication([], False)
    application.initQgis()
    for one in asked["projects"]:
        write_project(one, asked["look"])
    # QGIS sometimes crashes while it takes itself down, after everything was written
    os._exit(0)
