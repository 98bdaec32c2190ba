"""The sets' symbology as layer files: SLD, which counts in pixels as the peers do."""

from __future__ import annotations

from tests.bench.peers.sets import (
    CLASS_COLOURS,
    FILL_OPACITY,
    LAND_COVER,
    MARKER_OUTLINE_PX,
    MARKER_PX,
    OUTLINE_COLOUR,
    OUTLINE_PX,
    RAMP,
    BenchSet,
)


def layer_file(subject: BenchSet) -> str:
    """The SLD 1.0 document of a set."""
    rules = {"polygon": polygon_rules, "point": point_rules, "ramp": ramp_rule, "categories": categories_rule}[subject.kind]()
    return (
        '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc">'
        f"<NamedLayer><Name>{subject.name}</Name><UserStyle><FeatureTypeStyle>{rules}</FeatureTypeStyle></UserStyle></NamedLayer>"
        "</StyledLayerDescriptor>\n"
    )


def polygon_rules() -> str:
    """A rule for each class: fill and outline."""
    outline = stroke(OUTLINE_PX)
    return class_rules([f"<PolygonSymbolizer>{fill(c, FILL_OPACITY)}{outline}</PolygonSymbolizer>" for c in CLASS_COLOURS])


def point_rules() -> str:
    """A rule for each class: a circle with an outline."""
    mark = "<Mark><WellKnownName>circle</WellKnownName>{}" + stroke(MARKER_OUTLINE_PX) + "</Mark>"
    graphic = f"<PointSymbolizer><Graphic>{mark}<Size>{MARKER_PX}</Size></Graphic></PointSymbolizer>"
    return class_rules([graphic.format(fill(colour, 1)) for colour in CLASS_COLOURS])


def class_rules(symbolizers: list[str]) -> str:
    """Features of the class n have the n-th symbolizer."""
    return "".join(
        "<Rule><ogc:Filter><ogc:PropertyIsEqualTo><ogc:PropertyName>cls</ogc:PropertyName>"
        f"<ogc:Literal>{n}</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter>{symbolizer}</Rule>"
        for n, symbolizer in enumerate(symbolizers)
    )


def ramp_rule() -> str:
    """Colours between the stops of the ramp."""
    return color_map("ramp", dict(RAMP))


def categories_rule() -> str:
    """A colour for each land cover."""
    return color_map("values", LAND_COVER)


def color_map(kind: str, colours: dict[int, str]) -> str:
    """A rule with a colour map of that type."""
    entries = "".join(f'<ColorMapEntry quantity="{value}" color="{colour}"/>' for value, colour in colours.items())
    return f'<Rule><RasterSymbolizer><ColorMap type="{kind}">{entries}</ColorMap></RasterSymbolizer></Rule>'


def fill(colour: str, opacity: float) -> str:
    """A plain fill."""
    return f'<Fill><CssParameter name="fill">{colour}</CssParameter><CssParameter name="fill-opacity">{opacity}</CssParameter></Fill>'


def stroke(width_px: float) -> str:
    """The outline of everything."""
    return (
        f'<Stroke><CssParameter name="stroke">{OUTLINE_COLOUR}</CssParameter>'
        f'<CssParameter name="stroke-width">{width_px}</CssParameter></Stroke>'
    )
