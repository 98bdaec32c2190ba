"""What every symbol layer kind must know: its spelling in each style language and in Mapnik."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from xml.etree.ElementTree import Element

from rendermap.symbology.document import Node
from rendermap.symbology.expressions.tree import Operand
from rendermap.symbology.facts import GeometryKind
from rendermap.symbology.symbols import Color, SymbolLayer
from rendermap.symbology.xml_document import XmlNode

PX_PER_PT = 96 / 72


class Canvas(Protocol):
    """What a symbol layer is drawn on."""

    @property
    def geometry(self) -> GeometryKind:
        """The kind of geometry."""
        ...

    @property
    def pixel_ratio(self) -> float:
        """Device pixels per px, for what Mapnik does not scale itself."""
        ...

    def file(self, content: bytes, suffix: str) -> str:
        """The name of a file on disk that holds content, named by its digest.  suffix: with its dot."""
        ...

    def value(self, operand: Operand) -> str:
        """A value of the feature in Mapnik's expression language."""
        ...


@dataclass(frozen=True, slots=True)
class Symbolizer:
    """A row of the table.  A language that cannot say the kind has None.

    from_cim: a CIM symbol layer -> layers bottom first, None when it is another kind's; notes what it cannot draw.
    from_esri: a symbol of the REST JSON -> layers without its outline, None when it is another kind's.
    from_sld: a symbolizer element of SLD or SE -> the same.  from_qml: a symbol layer element of QGIS -> the same.
    to_esri: the layer as REST JSON symbol, without an outline of its own.  to_sld: the layer as symbolizer elements of SE 1.1, sizes in px.
    to_mapnik: elements for a Mapnik rule, none where the layer has nothing to draw on that geometry; lengths in px at 96 dpi.
    """

    kind: type[SymbolLayer]
    to_mapnik: Callable[[Any, Canvas], list[Element]]
    from_cim: Callable[[Node], tuple[SymbolLayer, ...] | None] | None = None
    from_esri: Callable[[Node], tuple[SymbolLayer, ...] | None] | None = None
    from_sld: Callable[[XmlNode], tuple[SymbolLayer, ...] | None] | None = None
    from_qml: Callable[[XmlNode], tuple[SymbolLayer, ...] | None] | None = None
    to_esri: Callable[[Any], dict[str, Any]] | None = None
    to_sld: Callable[[Any, GeometryKind], list[Element]] | None = None


def to_px(pt: float) -> str:
    """Points as px at 96 dpi, spelled short and never in exponents."""
    return format_number(pt * PX_PER_PT)


def format_number(value: float) -> str:
    """At most four decimals: enough for a screen, and equal symbols spell equal."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def paint(name: str, color: Color) -> dict[str, str]:
    """A Mapnik or SVG colour and its opacity."""
    return {name: f"#{color.r:02x}{color.g:02x}{color.b:02x}", f"{name}-opacity": format_number(color.a / 255)}
