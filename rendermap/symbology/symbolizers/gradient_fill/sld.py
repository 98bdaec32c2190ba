"""GradientFill -> SE, which has no gradients."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.ramps import color_at
from rendermap.symbology.symbolizers.se_elements import fill_element, se
from rendermap.symbology.symbols import GradientFill


def write(fill: GradientFill, geometry: GeometryKind) -> list[Element]:
    """A solid of the colour in the middle of the ramp."""
    return [se("PolygonSymbolizer", fill_element(color_at(fill.ramp, 0.5)))] if geometry is GeometryKind.POLYGON else []
