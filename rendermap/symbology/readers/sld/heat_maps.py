"""GeoServer's transformation of points into a surface of their density -> HeatMap."""

from __future__ import annotations

from rendermap.symbology.expressions.filter_encoding import EXPRESSIONS
from rendermap.symbology.expressions.se_functions import number_in
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.readers.sld.rasters import read_raster
from rendermap.symbology.style import HeatMap, Stretch
from rendermap.symbology.symbolizers.sld_parameters import PT_PER_PX
from rendermap.symbology.xml_document import XmlNode

_NAMES = ("vec:heatmap", "gs:heatmap")
_WIDEST_PX = 256.0
_USUAL_PT = 10.0


def read_heat_map(styles: tuple[XmlNode, ...]) -> tuple[HeatMap, float] | None:
    """(theme, opacity) where the first style turns points into a heat map and colours it by a ramp; None for all else.

    Raises StyleInvalid.
    """
    function = styles[0].path("Transformation", "Function") if styles else None
    if function is None or function.attribute("name").lower() not in _NAMES:
        return None
    symbolizer = next((r for rule in styles[0].children("Rule") for r in rule.children("RasterSymbolizer")), None)
    if symbolizer is None:
        return None
    theme, opacity = read_raster(symbolizer)
    if not isinstance(theme, Stretch):
        return None
    parameters = dict(filter(None, map(_parameter, function.children("Function"))))
    weight = parameters.get("weightattr", "")
    return HeatMap(theme.ramp, _radius_pt(parameters.get("radiuspixels", "")), Column(weight) if weight else None), opacity


def _parameter(node: XmlNode) -> tuple[str, str] | None:
    """A parameter's name in lower case and its constant; of a value of the request its default."""
    inside = [inner for inner in node.children() if inner.name in EXPRESSIONS]
    if node.attribute("name") != "parameter" or len(inside) < 2:
        return None
    value = inside[1].children()[-1] if inside[1].children() else inside[1]
    return inside[0].text.lower(), value.text


def _radius_pt(text: str) -> float:
    radius = number_in(text)
    return min(max(radius, 1.0), _WIDEST_PX) * PT_PER_PX if radius is not None else _USUAL_PT
