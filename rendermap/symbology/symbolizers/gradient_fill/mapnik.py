"""GradientFill -> Mapnik."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from rendermap.symbology.ramps import color_at
from rendermap.symbology.symbolizers.fill.mapnik import write as write_fill
from rendermap.symbology.symbolizers.symbolizer import Canvas
from rendermap.symbology.symbols import Fill, GradientFill


def write(fill: GradientFill, canvas: Canvas) -> list[Element]:
    """The middle colour."""
    return write_fill(Fill(color_at(fill.ramp, 0.5), smooth=fill.smooth, dx_pt=fill.dx_pt, dy_pt=fill.dy_pt), canvas)
