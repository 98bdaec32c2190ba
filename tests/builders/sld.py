"""Builds SLD and SE documents piece by piece, as text."""

from __future__ import annotations

from pathlib import Path

from rendermap.symbology.readers.sld.reader import read_layers
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.xml_document import XmlNode, parse_xml

SPACES = (
    'xmlns="http://www.opengis.net/sld" xmlns:sld="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc" '
    'xmlns:se="http://www.opengis.net/se" xmlns:xlink="http://www.w3.org/1999/xlink"'
)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAFElEQVR4nGO8IyfHAANMDEgANwcAOHIBIO1BLLkAAAAASUVORK5CYII="


def sld(*styles: str, name: str = "towns", constraint: str = "") -> str:
    """A document of one named layer; styles: FeatureTypeStyle elements, or rules, which are put into one."""
    inside = "".join(styles)
    if not inside.startswith(("<FeatureTypeStyle", "<se:FeatureTypeStyle", "<se:CoverageStyle")):
        inside = f"<FeatureTypeStyle>{inside}</FeatureTypeStyle>"
    layer = f"<NamedLayer><Name>{name}</Name>{constraint}<UserStyle>{inside}</UserStyle></NamedLayer>"
    return f'<?xml version="1.0"?><StyledLayerDescriptor version="1.0.0" {SPACES}>{layer}</StyledLayerDescriptor>'


def rule(*symbolizers: str, test: str = "", title: str = "", more: str = "") -> str:
    """test: what stands in its filter, or ``else``."""
    chosen = "<ElseFilter/>" if test == "else" else f"<ogc:Filter>{test}</ogc:Filter>" if test else ""
    return f"<Rule>{f'<Title>{title}</Title>' if title else ''}{chosen}{more}{''.join(symbolizers)}</Rule>"


def css(**values: str) -> str:
    """Parameters; underscores in their names stand for hyphens."""
    return "".join(f'<CssParameter name="{name.replace("_", "-")}">{value}</CssParameter>' for name, value in values.items())


def polygon(fill: str = "#ff0000", stroke: str = "") -> str:
    line = f"<Stroke>{css(stroke=stroke)}</Stroke>" if stroke else ""
    return f"<PolygonSymbolizer><Fill>{css(fill=fill)}</Fill>{line}</PolygonSymbolizer>"


def line(stroke: str = "#0000ff", width: str = "2", **more: str) -> str:
    return f"<LineSymbolizer><Stroke>{css(stroke=stroke, stroke_width=width, **more)}</Stroke></LineSymbolizer>"


def mark(name: str = "circle", fill: str = "#ff0000", stroke: str = "", size: str = "8", more: str = "") -> str:
    painted = f"<Fill>{css(fill=fill)}</Fill>" if fill else ""
    outlined = f"<Stroke>{css(stroke=stroke)}</Stroke>" if stroke else ""
    named = f"<Mark><WellKnownName>{name}</WellKnownName>{painted}{outlined}</Mark>"
    return f"<Graphic>{named}<Size>{size}</Size>{more}</Graphic>"


def point(graphic: str = "", **more: str) -> str:
    return f"<PointSymbolizer>{graphic or mark(**more)}</PointSymbolizer>"


def compare(operator: str, field: str, value: str) -> str:
    """operator: what follows ``PropertyIs``."""
    return f"<ogc:PropertyIs{operator}>{prop(field)}{literal(value)}</ogc:PropertyIs{operator}>"


def both(*tests: str) -> str:
    return f"<ogc:And>{''.join(tests)}</ogc:And>"


def either(*tests: str) -> str:
    return f"<ogc:Or>{''.join(tests)}</ogc:Or>"


def prop(name: str) -> str:
    return f"<ogc:PropertyName>{name}</ogc:PropertyName>"


def literal(value: str) -> str:
    return f"<ogc:Literal>{value}</ogc:Literal>"


def function(name: str, *arguments: str) -> str:
    return f'<ogc:Function name="{name}">{"".join(arguments)}</ogc:Function>'


def text(label: str, more: str = "") -> str:
    return f"<TextSymbolizer><Label>{label}</Label>{more}</TextSymbolizer>"


def raster(inside: str) -> str:
    return f"<RasterSymbolizer>{inside}</RasterSymbolizer>"


def read(document: str) -> NamedStyle:
    """The first layer of a document."""
    return read_layers(parse_xml(document.encode()))[0]


def node(fragment: str) -> XmlNode:
    """A piece of a document as the readers see it."""
    return parse_xml(f"<a {SPACES}>{fragment}</a>".encode()).children()[0]


def saved(folder: Path, document: str, name: str = "layer.sld") -> Path:
    """The document as a file."""
    file = folder / name
    file.write_text(document, encoding="utf-8")
    return file
