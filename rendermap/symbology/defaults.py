"""A style chosen from the data alone, as a cartographer would for a first look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rendermap.symbology import palettes, ramps, stretch_limits
from rendermap.symbology.breaks import make_limits
from rendermap.symbology.document import to_number
from rendermap.symbology.facts import Band, Facts, Field, FieldKind, GeometryKind, Measures, RasterFacts, VectorFacts
from rendermap.symbology.measuring import Need, Taken
from rendermap.symbology.numbers import spell_value
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import (
    RGB,
    Break,
    Breaks,
    Categories,
    Category,
    Classification,
    Colormap,
    Method,
    RasterCategory,
    RasterTheme,
    Single,
    Stretch,
    StretchKind,
    StretchRecipe,
    Style,
    UniqueRaster,
    Value,
    VectorTheme,
)
from rendermap.symbology.symbols import Alternate, Color, Fill, Marker, Stroke, Symbol, SymbolLayer, recolored
from rendermap.symbology.template import map_symbols

CHOSEN = "chosen from the data"
MOST_VALUES = 24
_MOST_CLASSES = 12
_BYTES = ("uint8",)
_WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "bool")
_CLASS_WORDS = re.compile(r"class|type|category|gridcode|grid_code|hazard|level|kind|zone|risk|rating|rank|visible|viscode|status")
_QUANTITY_WORDS = re.compile(
    r"depth|slope|speed|velocity|temp|concentr|densit|rate|probab|score|index|mean|average|change|diff|anomal|percent|pct|ratio|population"
)
_NO_CLASS_WORDS = re.compile(r"^(objectid|fid|oid|id|globalid|shape)|(_id|_fid|oid|area|length|count)$")
_ORDER_WORDS = re.compile(r"class|hazard|level|risk|rating|rank|gridcode|grid_code")
_ORDERS = (
    ("none", "very low", "low", "moderate", "medium", "high", "very high", "extreme"),
    ("very small", "small", "medium", "large", "very large"),
)
_LABEL_COLUMNS = ("class_name", "classname", "class", "label", "name", "description", "category", "type")
_BLUE, _INK, _ORANGE, _WHITE = Color(104, 148, 184), Color(52, 86, 120), Color(208, 88, 44), Color(255, 255, 255)
_MARK = Color(196, 60, 52)
_STRADDLING = 0.2
_FEW_POLYGONS = 300
_HAIRLINE_PT = 0.4
_QUANTITY_CLASSES, _DIVERGING_CLASSES = 5, 6
_FAR_SCALE, _NEAR_SCALE = 500_000.0, 25_000.0
_CLIP = StretchRecipe(StretchKind.PERCENT_CLIP)


def default_needs(facts: Facts) -> tuple[Need, ...]:
    """What must be measured before `default_style`."""
    if isinstance(facts, VectorFacts):
        candidate = _class_field(facts) or _quantity_field(facts)
        return (Need(candidate.name),) if candidate else ()
    if not facts.bands or facts.bands[0].palette:
        return ()
    bands = _color_bands(facts)
    if bands:
        return tuple(Need(None, b) for b in bands if facts.bands[b - 1].dtype not in _BYTES)
    return (Need(None, 1),)


def default_style(facts: Facts, measures: Taken, name: str) -> Style:
    """A resolved style.  measures: of all `default_needs`."""
    theme = map_symbols(_vector_theme(facts, measures), _at_scales) if isinstance(facts, VectorFacts) else _raster_theme(facts, measures)
    return Style(theme, name=name, source=CHOSEN)


# --- features ----------------------------------------------------------------------------------------------------------


def _class_field(facts: VectorFacts) -> Field | None:
    """A field whose very name says that it holds classes; one of real numbers, as some tools write codes, if there is no other."""
    for kinds in ((FieldKind.INTEGER, FieldKind.TEXT), (FieldKind.REAL,)):
        for field in facts.fields:
            name = field.name.casefold()
            if field.kind in kinds and _CLASS_WORDS.search(name) and not _NO_CLASS_WORDS.search(name):
                return field
    return None


def _quantity_field(facts: VectorFacts) -> Field | None:
    """A number whose name says that more of it is more of something to see; lines are told apart badly by tones."""
    if facts.geometry is GeometryKind.LINE:
        return None
    numbers = (field for field in facts.fields if field.kind is FieldKind.REAL)
    return next((f for f in numbers if _QUANTITY_WORDS.search(f.name.casefold()) and not _NO_CLASS_WORDS.search(f.name.casefold())), None)


def _vector_theme(facts: VectorFacts, measures: Taken) -> VectorTheme:
    symbol = default_symbol(facts.geometry, facts.count)
    if facts.is_mixed:
        symbol = Symbol((*symbol.layers, *_on_points(default_symbol(GeometryKind.POINT, facts.count))))
    field = _class_field(facts)
    taken = measures.get(Need(field.name)) if field else None
    if field is None or taken is None or not taken.distinct_is_whole:
        return _quantity_theme(facts, measures, symbol)
    values = _in_order([value for value, _ in taken.distinct])
    is_coded = all(value.is_integer() for value in values if isinstance(value, float))
    if not is_coded or not 2 <= len([v for v in values if v is not None]) <= _MOST_CLASSES:
        return Single(symbol)
    colors = palettes.ordered(len(values)) if _is_ordered(field, values) else palettes.qualitative(len(values))
    classes = tuple(
        Category(((value,),), _class_symbol(facts, symbol, color), spell_value(value)) for value, color in zip(values, colors, strict=True)
    )
    return Categories((field.name,), classes, heading=_heading(field))


def _quantity_theme(facts: VectorFacts, measures: Taken, symbol: Symbol) -> VectorTheme:
    """Natural breaks from light to dark; both ways from zero where the numbers lie well on both sides of it."""
    field = None if _class_field(facts) else _quantity_field(facts)
    taken = measures.get(Need(field.name)) if field else None
    if field is None or taken is None or taken.minimum is None or taken.maximum is None or taken.minimum == taken.maximum:
        return Single(symbol)
    low, high = taken.minimum, taken.maximum
    far, near = max(abs(low), abs(high)), min(abs(low), abs(high))
    if low < 0 < high and near >= _STRADDLING * far:
        low, limits = -far, tuple(far * (2 * (i + 1) / _DIVERGING_CLASSES - 1) for i in range(_DIVERGING_CLASSES))
        colors = ramps.sample(palettes.named_ramp(palettes.DIVERGING), _DIVERGING_CLASSES)
    else:
        limits = make_limits(Method.NATURAL_BREAKS, _QUANTITY_CLASSES, taken)
        colors = palettes.ordered(len(limits))
    classes = tuple(Break(upper, _class_symbol(facts, symbol, color)) for upper, color in zip(limits, colors, strict=True))
    return Breaks(field.name, low, classes, heading=_heading(field))


def _heading(field: Field) -> str:
    """The name that somebody gave a field for people; that of its column is nobody's to show."""
    return field.alias if field.alias.casefold() != field.name.casefold() else ""


def _class_symbol(facts: VectorFacts, symbol: Symbol, color: Color) -> Symbol:
    """Polygons in a hairline of their own darker tone where they are few and so large; many small ones without, for lines drown colours."""
    if facts.is_mixed or facts.geometry is not GeometryKind.POLYGON:
        return recolored(symbol, color)
    outline = (Stroke(_darker(color), _HAIRLINE_PT, join="round"),) if 0 <= facts.count <= _FEW_POLYGONS else ()
    return Symbol((Fill(color), *outline))


def _on_points(symbol: Symbol) -> tuple[Marker, ...]:
    return tuple(replace(layer, placement="points") for layer in symbol.layers if isinstance(layer, Marker))


def _darker(color: Color) -> Color:
    return Color(color.r * 3 // 5, color.g * 3 // 5, color.b * 3 // 5, color.a)


def default_symbol(geometry: GeometryKind, count: int = -1) -> Symbol:
    """A symbol whose weight suits the number of features, -1 for unknown."""
    crowd = 0 if count < 2_000 else 1 if count < 20_000 else 2
    if geometry is GeometryKind.POINT:
        outline = Stroke(_WHITE, (0.9, 0.6, 0.4)[crowd])
        return Symbol((Marker(CIRCLE, (7.0, 4.5, 3.0)[crowd], _ORANGE, outline),))
    if geometry is GeometryKind.LINE:
        return Symbol((Stroke(_INK, (1.5, 1.0, 0.6)[crowd]),))
    return Symbol((Fill(_BLUE._replace(a=165)), Stroke(_INK, (0.8, 0.4, 0.2)[crowd], join="round")))


def _at_scales(symbol: Symbol) -> Symbol:
    """The symbol with a lighter hand where the map shows much, a firmer one where it shows little."""
    far, near = Alternate(_weighed(symbol, 0.65), None, _FAR_SCALE), Alternate(_weighed(symbol, 1.4), _NEAR_SCALE, None)
    return replace(symbol, alternates=(far, near))


def _weighed(symbol: Symbol, factor: float) -> Symbol:
    def weigh(layer: SymbolLayer) -> SymbolLayer:
        if isinstance(layer, Stroke):
            return replace(layer, width_pt=layer.width_pt * factor)
        if isinstance(layer, Marker):
            edge = layer.stroke and replace(layer.stroke, width_pt=layer.stroke.width_pt * factor)
            return replace(layer, size_pt=layer.size_pt * factor, stroke=edge)
        return layer

    return Symbol(tuple(map(weigh, symbol.layers)))


def _in_order(values: list[Value]) -> list[Value]:
    """Numbers by size, words of rank by rank, other words as they come; null last."""
    known = [v for v in values if v is not None]
    rank = _rank_of(known)
    if rank is not None:
        known.sort(key=lambda v: rank.index(str(v).strip().casefold()))
    return [*known, *([None] if None in values else [])]


def _rank_of(values: Sequence[Value]) -> tuple[str, ...] | None:
    words = {str(v).strip().casefold() for v in values}
    return next((order for order in _ORDERS if words <= set(order)), None)


def _is_ordered(field: Field, values: Sequence[Value]) -> bool:
    known = [v for v in values if v is not None]
    if field.kind in (FieldKind.INTEGER, FieldKind.REAL):
        return len(known) > 2 and bool(_ORDER_WORDS.search(field.name.casefold()))
    return _rank_of(known) is not None


# --- rasters -----------------------------------------------------------------------------------------------------------


def _color_bands(facts: RasterFacts) -> tuple[int, int, int] | None:
    """The bands that are red, green and blue: as they say, or the first three of an image of bytes."""
    said = {band.interpretation: i for i, band in reversed(list(enumerate(facts.bands, 1)))}
    if {"red", "green", "blue"} <= said.keys():
        return said["red"], said["green"], said["blue"]
    if len(facts.bands) in (3, 4) and all(b.dtype in _BYTES for b in facts.bands):
        return 1, 2, 3
    return None


def _raster_theme(facts: RasterFacts, measures: Taken) -> RasterTheme:
    band = facts.bands[0] if facts.bands else Band("uint8")
    if band.palette:
        return _palette(facts, band)
    bands = _color_bands(facts)
    if bands:
        return _rgb(facts, bands, measures)
    taken = measures.get(Need(None, 1))
    if taken is None or taken.minimum is None or taken.maximum is None:
        return Stretch(ramps.GRAYS, replace(_CLIP, limits=(0.0, 1.0)))
    values = _class_values(facts, band, taken)
    return _unique(facts, values) if values else _continuous(band, taken, taken.minimum, taken.maximum)


def _palette(facts: RasterFacts, band: Band) -> Colormap:
    labels = _labels(facts)
    return Colormap(tuple((v, Color(r, g, b, a), labels.get(float(v), str(v))) for v, r, g, b, a in band.palette))


def _rgb(facts: RasterFacts, bands: tuple[int, int, int], measures: Taken) -> RGB:
    """Bytes as they are; wider samples between limits common to all three, for each band's own would change the hues."""
    recipes = []
    for number in bands:
        band = facts.bands[number - 1]
        recipe = StretchRecipe(StretchKind.NONE) if band.dtype in _BYTES else _CLIP
        recipes.append(stretch_limits.resolve(recipe, band, measures.get(Need(None, number)), Classification.AUTO))
    alpha = next((i for i, b in enumerate(facts.bands, 1) if b.interpretation == "alpha"), 0)
    if all(facts.bands[number - 1].dtype not in _BYTES for number in bands):
        recipes = _in_common(recipes)
    return RGB(bands, (recipes[0], recipes[1], recipes[2]), alpha)


def _in_common(recipes: list[StretchRecipe]) -> list[StretchRecipe]:
    lows, highs = zip(*(recipe.limits for recipe in recipes if recipe.limits), strict=True)
    low, high = min(lows), max(highs)
    return [replace(recipe, limits=(low if high > low else min(0.0, low), high)) for recipe in recipes]


def _class_values(facts: RasterFacts, band: Band, taken: Measures) -> list[float]:
    """The values to be drawn one by one, empty for continuous data."""
    values = [n for value, _ in taken.distinct if (n := to_number(value)) is not None]
    is_whole = band.dtype in _WHOLE or facts.thematic or all(v.is_integer() for v in values)
    if not (taken.distinct_is_whole and values and is_whole):
        return []
    return values if len(values) <= (256 if facts.thematic else MOST_VALUES) else []


def _unique(facts: RasterFacts, values: list[float]) -> UniqueRaster:
    labels = _labels(facts)
    if set(values) <= {0.0, 1.0}:
        # Yes and no: only yes is something to see.
        return UniqueRaster((RasterCategory((1.0,), _MARK, labels.get(1.0, "1")),))
    is_ranked = not labels and len(values) <= _MOST_CLASSES and values[-1] - values[0] == len(values) - 1 and abs(values[0]) <= 1
    colors = palettes.ordered(len(values)) if is_ranked else palettes.qualitative(len(values))
    return UniqueRaster(tuple(RasterCategory((v,), color, labels.get(v, spell_value(v))) for v, color in zip(values, colors, strict=True)))


def _labels(facts: RasterFacts) -> dict[float, str]:
    """Names of values in the attribute table."""
    columns = {name.casefold(): values for name, values in facts.attribute_table}
    names = next((columns[c] for c in _LABEL_COLUMNS if c in columns), None)
    if names is None or "value" not in columns:
        return {}
    pairs = ((to_number(v), spell_value(n)) for v, n in zip(columns["value"], names, strict=False) if n not in (None, ""))
    return {v: n for v, n in pairs if v is not None}


def _continuous(band: Band, taken: Measures, low: float, high: float) -> Stretch:
    """Along a ramp with the outermost half per cents clipped; both ways from zero where data lies well on both sides."""
    clipped = stretch_limits.resolve(_CLIP, band, taken, Classification.AUTO)
    low, high = clipped.limits or (low, high)
    far, near = max(abs(low), abs(high)), min(abs(low), abs(high))
    if low < 0 < high and near >= _STRADDLING * far:
        return Stretch(palettes.named_ramp(palettes.DIVERGING), replace(clipped, kind=StretchKind.CUSTOM, limits=(-far, far)))
    return Stretch(palettes.named_ramp(palettes.SEQUENTIAL), clipped)
