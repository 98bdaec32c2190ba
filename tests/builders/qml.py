"""Builds QGIS layer styles piece by piece, in the spelling of QGIS 2 (``prop``) or of QGIS 3 (``Option``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from rendermap.symbology.readers.qml.reader import read_layer
from rendermap.symbology.readers.style_reader import NamedStyle
from rendermap.symbology.xml_document import parse_xml

RED, GREEN, BLUE, BLACK = "255,0,0,255", "0,255,0,255", "0,0,255,255", "0,0,0,255"
DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def attributes(given: Mapping[str, object]) -> str:
    """Attributes with a blank before each; a trailing underscore is left out of names."""
    return "".join(f" {key.rstrip('_')}={quoteattr(str(value))}" for key, value in given.items())


def properties(given: Mapping[str, object], spelling: str = "Option") -> str:
    """The properties of a symbol layer or a ramp."""
    if spelling == "prop":
        return "".join(f"<prop{attributes({'k': key, 'v': value})}/>" for key, value in given.items())
    options = "".join(f"<Option{attributes({'name': key, 'value': value, 'type': 'QString'})}/>" for key, value in given.items())
    return f'<Option type="Map">{options}</Option>'


def override(*, field: str = "", expression: str = "", **assistant: object) -> str:
    """An active property by the feature, through the size assistant when its numbers are given."""
    kind, key, text = (2, "field", field) if field else (3, "expression", expression)
    inner = f'<Option name="active" value="true" type="bool"/><Option name="type" value="{kind}" type="int"/>'
    inner += f"<Option{attributes({'name': key, 'value': text, 'type': 'QString'})}/>"
    if assistant:
        details = "".join(f"<Option{attributes({'name': k, 'value': v, 'type': 'double'})}/>" for k, v in assistant.items())
        kept = f'<Option name="d" type="Map">{details}</Option><Option name="t" value="1" type="int"/>'
        inner += f'<Option name="transformer" type="Map">{kept}</Option>'
    return inner


def shaded(field: str, low: float, high: float, first: str, last: str) -> str:
    """An active colour along a ramp by a field."""
    stops = "".join(f"<Option{attributes({'name': k, 'value': v})}/>" for k, v in {"color1": first, "color2": last}.items())
    kept = f'<Option name="colorramp" type="Map"><Option name="properties" type="Map">{stops}</Option></Option>'
    kept += f'<Option name="minValue" value="{low}"/><Option name="maxValue" value="{high}"/>'
    transformer = f'<Option name="transformer"><Option name="d" type="Map">{kept}</Option><Option name="t" value="2"/></Option>'
    return override(field=field) + transformer


def collection(overrides: Mapping[str, str], tag: str = "data_defined_properties") -> str:
    """The collection that holds overrides by name."""
    listed = "".join(f'<Option name="{name}" type="Map">{inner}</Option>' for name, inner in overrides.items())
    return f'<{tag}><Option type="Map"><Option name="properties" type="Map">{listed}</Option></Option></{tag}>'


def layer(
    kind: str,
    *inner: str,
    spelling: str = "Option",
    by: Mapping[str, str] | None = None,
    enabled: int = 1,
    level: int = 0,
    **given: object,
) -> str:
    """A symbol layer.  inner: symbols of its own.  by: overrides.  level: its pass."""
    content = properties(given, spelling) + (collection(by) if by else "") + "".join(inner)
    return f'<layer class="{kind}" enabled="{enabled}" pass="{level}">{content}</layer>'


def symbol(kind: str, *layers: str, name: str = "0", alpha: float = 1.0) -> str:
    """kind: marker, line or fill; layers: bottom first."""
    return f'<symbol type="{kind}" name="{name}" alpha="{alpha:g}">{"".join(layers)}</symbol>'


def fill(color: str = RED, name: str = "0", **more: object) -> str:
    """A plain fill without outline."""
    return symbol("fill", layer("SimpleFill", color=color, style="solid", outline_style="no", **more), name=name)


def line(color: str = RED, width: float = 1.0, name: str = "0", **more: object) -> str:
    return symbol("line", layer("SimpleLine", line_color=color, line_width=width, **more), name=name)


def marker(shape: str = "circle", size: float = 4.0, color: str = RED, name: str = "0", **more: object) -> str:
    """A marker without outline."""
    return symbol("marker", layer("SimpleMarker", name=shape, size=size, color=color, outline_style="no", **more), name=name)


def renderer(kind: str, *inner: str, symbols: Sequence[str] = (), **given: object) -> str:
    listed = f"<symbols>{''.join(symbols)}</symbols>" if symbols else ""
    return f'<renderer-v2 type="{kind}"{attributes(given)}>{"".join(inner)}{listed}</renderer-v2>'


def single(of: str, **given: object) -> str:
    return renderer("singleSymbol", symbols=[of], **given)


def categorized(attr: str, categories: Sequence[Mapping[str, object]], symbols: Sequence[str], *inner: str) -> str:
    """categories: attributes of each; ``vals`` lists (type, value) pairs instead of one value."""
    listed = ""
    for number, category in enumerate(categories):
        given = {"symbol": number, "render": "true", **{k: v for k, v in category.items() if k != "vals"}}
        vals = category.get("vals", ())
        assert isinstance(vals, Sequence)
        values = "".join(f"<val{attributes({'type': kind, 'value': value})}/>" for kind, value in vals)
        listed += f"<category{attributes(given)}>{values}</category>"
    return renderer("categorizedSymbol", f"<categories>{listed}</categories>", *inner, symbols=symbols, attr=attr)


def graduated(attr: str, ranges: Sequence[tuple[float, float, str]], symbols: Sequence[str], *inner: str, method: str = "") -> str:
    """ranges: (lower, upper, label)."""
    listed = "".join(
        f"<range{attributes({'lower': low, 'upper': high, 'label': label, 'symbol': number, 'render': 'true'})}/>"
        for number, (low, high, label) in enumerate(ranges)
    )
    told = f'<classificationMethod id="{method}"/>' if method else ""
    return renderer("graduatedSymbol", f"<ranges>{listed}</ranges>{told}", *inner, symbols=symbols, attr=attr)


def rule(*inner: str, **given: object) -> str:
    return f"<rule{attributes(given)}>{''.join(inner)}</rule>"


def rules(*listed: str, symbols: Sequence[str]) -> str:
    return renderer("RuleRenderer", f'<rules key="root">{"".join(listed)}</rules>', symbols=symbols)


def ramp(first: str, last: str, stops: str = "", *, kind: str = "gradient", **more: object) -> str:
    """A ramp that is a renderer's own."""
    return f'<colorramp type="{kind}" name="[source]">{properties({"color1": first, "color2": last, "stops": stops, **more})}</colorramp>'


def settings(
    style: Mapping[str, object],
    placement: Mapping[str, object] | None = None,
    rendering: Mapping[str, object] | None = None,
    buffer: Mapping[str, object] | None = None,
    background: Mapping[str, object] | None = None,
    by: Mapping[str, str] | None = None,
) -> str:
    """Label settings of QGIS 3."""
    inside = f"<text-buffer{attributes(buffer or {})}/><background{attributes(background or {})}/>"
    rest = f"<text-format/><placement{attributes(placement or {})}/><rendering{attributes(rendering or {})}/>"
    return f"<settings><text-style{attributes(style)}>{inside}</text-style>{rest}{collection(by, 'dd_properties') if by else ''}</settings>"


def labeling(inner: str, kind: str = "simple") -> str:
    return f'<labeling type="{kind}">{inner}</labeling>'


def document(*inner: str, version: str = "3.34.0", **given: object) -> str:
    """A whole style of a vector layer."""
    return f"{DOCTYPE}<qgis version={quoteattr(version)}{attributes(given)}>{''.join(inner)}</qgis>"


def raster(kind: str, *inner: str, after: str = "", **given: object) -> str:
    """A whole style of a raster layer.  after: elements that follow the renderer in the pipe."""
    drawn = f'<rasterrenderer type="{kind}"{attributes({"opacity": 1, "alphaBand": -1, **given})}>{"".join(inner)}</rasterrenderer>'
    return f'{DOCTYPE}<qgis version="3.34.0"><pipe>{drawn}{after}</pipe><blendMode>0</blendMode></qgis>'


def shader(kind: str, items: Sequence[tuple[object, str, str]], **given: object) -> str:
    """items: (value, colour as #rrggbb, label)."""
    listed = "".join(f"<item{attributes({'value': v, 'color': c, 'label': label, 'alpha': 255})}/>" for v, c, label in items)
    return f'<rastershader><colorrampshader colorRampType="{kind}"{attributes(given)}>{listed}</colorrampshader></rastershader>'


def origin(limits: str = "None", **more: object) -> str:
    """Where the limits of a stretch are from."""
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in {"limits": limits, "extent": "WholeRaster", **more}.items())
    return f"<minMaxOrigin>{inner}</minMaxOrigin>"


def enhancement(low: float, high: float, algorithm: str = "StretchToMinimumMaximum", tag: str = "contrastEnhancement") -> str:
    return f"<{tag}><minValue>{low}</minValue><maxValue>{high}</maxValue><algorithm>{algorithm}</algorithm></{tag}>"


def read(text: str) -> NamedStyle:
    """The layer of a document."""
    return read_layer(parse_xml(text.encode()))
