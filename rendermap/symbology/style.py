"""A Style as values: how one tool layer looks.

A Style keeps its *theme* - what is classified by what - because classes made from a result, the legend and the documents of
the protocols need the intent.  Flat drawing rules are made last, in `render/`.  A theme whose numbers are still to be taken
from the result says so with a recipe; `classify.fit` resolves it, and only a resolved Style may be drawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from rendermap.symbology.classing import Classification, Method
from rendermap.symbology.expressions.tree import Expression, Operand
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.raster_themes import (
    RGB,
    Classified,
    Colormap,
    RasterCategory,
    RasterClass,
    ShadedRelief,
    StatisticsSource,
    Stretch,
    StretchKind,
    StretchRecipe,
    UniqueRaster,
)
from rendermap.symbology.symbols import Color, Ramp, SizeBy, Symbol

__all__ = [
    "RGB",
    "Break",
    "Breaks",
    "Categories",
    "Category",
    "Classification",
    "Classified",
    "ColorAdjustment",
    "Colormap",
    "DotDensity",
    "Dots",
    "Engine",
    "Graded",
    "HeatMap",
    "Method",
    "Proportional",
    "RasterCategory",
    "RasterClass",
    "RasterTheme",
    "Rule",
    "Rules",
    "ShadedRelief",
    "Single",
    "StatisticsSource",
    "Stretch",
    "StretchKind",
    "StretchRecipe",
    "Style",
    "Theme",
    "UniqueRaster",
    "Value",
    "VectorTheme",
    "style_digest",
]

Value = str | float | int | bool | None


# --- vector themes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Single:
    """Every feature alike."""

    symbol: Symbol
    label: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """values: one tuple per accepted combination, as long as the theme has fields; None is the null value."""

    values: tuple[tuple[Value, ...], ...]
    symbol: Symbol
    label: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Categories:
    """Unique values of one to three fields.

    default: the symbol of all other values; None leaves them undrawn and, under `Classification.AUTO`, means the
    classes are read anew from each result.  expression: classifies by a value made from the feature; fields is then empty, and a
    combination has one value.
    """

    fields: tuple[str, ...]
    classes: tuple[Category, ...]
    default: Symbol | None = None
    default_label: str = ""
    heading: str = ""
    ramp: Ramp | None = None
    expression: Operand | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A class up to and including upper.  is_gap: no class but what lies between two; its features are drawn as if they had no value."""

    upper: float
    symbol: Symbol
    label: str = ""
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Breaks:
    """Graduated classes of a number, ascending; lower limits are exclusive but for the first class's minimum.

    normalization_field: divides the value when given.  expression: classifies by a value made from the feature; field is then empty.
    excluded: features that are drawn as if they had no value.  is_descending: the legend begins with the highest class.
    """

    field: str
    minimum: float
    classes: tuple[Break, ...]
    method: Method = Method.MANUAL
    default: Symbol | None = None
    default_label: str = ""
    normalization_field: str | None = None
    heading: str = ""
    ramp: Ramp | None = None
    expression: Operand | None = None
    excluded: Expression | None = None
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Graded:
    """Colours along a ramp by a number, without classes.

    limits: the numbers at the ramp's ends; None until fitted to the result.  template_limits: what the template's own data had.
    default: the symbol of features without the number; None leaves them undrawn.
    """

    value: Operand
    symbol: Symbol
    ramp: Ramp
    limits: tuple[float, float] | None = None
    template_limits: tuple[float, float] | None = None
    default: Symbol | None = None
    default_label: str = ""
    heading: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proportional:
    """One symbol, its size by a number.

    size: stops None-free once fitted; an empty tuple of stops is taken from the result: its smallest number is drawn as the symbol is,
    others in proportion.  largest: the factor that is never exceeded.  under: drawn below the symbol, on polygons.
    measured: the least and the greatest number of the result, for its legend.
    """

    symbol: Symbol
    size: SizeBy
    largest: float = 50.0
    under: Symbol | None = None
    heading: str = ""
    label: str = ""
    measured: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A symbol for the features that pass a filter, between two scales.

    filter: None for all features.  is_else: for those that no other rule of the same level drew at this scale.
    min_scale_denominator: the farthest scale, max_scale_denominator the nearest.
    """

    symbol: Symbol
    label: str = ""
    filter: Expression | None = None
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    is_else: bool = False
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that all apply, first to last: a feature is drawn by each one it passes."""

    rules: tuple[Rule, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """How densely points lie.

    radius_pt: of each point's influence.  weight: what a point counts, None for 1.  limits: densities at the ramp's ends, as points
    (or weights) within a radius; None: the highest density of the whole result at that scale, which all its tiles share.
    labels: beside the ramp's upper and lower end.
    """

    ramp: Ramp
    radius_pt: float = 10.0
    weight: Operand | None = None
    limits: tuple[float, float] | None = None
    labels: tuple[str, str] = ("Dense", "Sparse")
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Dots:
    """One kind of dot: a number of the feature, and the symbol of a dot."""

    value: Operand
    symbol: Symbol
    label: str = ""


@dataclass(frozen=True, slots=True)
class DotDensity:
    """Dots scattered in polygons, one for every dot_value; always at the same places.

    under: the polygons themselves.  unit: of dot_value, for people.
    """

    dots: tuple[Dots, ...]
    dot_value: float
    under: Symbol | None = None
    seed: int = 1
    heading: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """Mapnik's own ``Style`` elements, for operators who want the engine itself.

    styles: one checked XML text each, drawn first to last.  fields: what their filters and expressions ask for.
    entries: the legend, (label, the XML of a ``Rule``) each.
    """

    styles: tuple[str, ...]
    fields: tuple[str, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()
    heading: str = ""


VectorTheme = Single | Categories | Breaks | Graded | Proportional | Rules | HeatMap | DotDensity | Engine
RasterTheme = Stretch | Classified | UniqueRaster | Colormap | RGB | ShadedRelief
Theme = VectorTheme | RasterTheme


@dataclass(frozen=True, slots=True)
class ColorAdjustment:
    """Changes made to a raster's colours after its theme, in this order.

    contrast: factor around the middle.  brightness: added, of the whole range (-1 to 1).  gamma: exponent 1/gamma.
    is_negative: colours turned round.  gray: ``lightness``, ``luminosity`` or ``average`` for greys, empty for colours.
    saturation: factor, 0 for greys, 1 for none.  tint: hue and saturation of all colours, mixed in by tint_strength (0 to 1).
    """

    brightness: float = 0.0
    contrast: float = 1.0
    gamma: float = 1.0
    saturation: float = 1.0
    gray: str = ""
    is_negative: bool = False
    tint: Color | None = None
    tint_strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Style:
    """How one tool layer looks.

    opacity: of the whole layer, 0 to 1.  min_scale_denominator: farthest scale drawn, max_scale_denominator: nearest, at 0.28 mm
    per pixel; None for no limit.  filter: features that fail it are not drawn.  source: where the style came from, for people
    (``layer file``, ``chosen from the data``).  blend: a row of `imaging.blend`.  labels: drawn above all layers of a map, the
    first class first.  nodata_color: of a raster's cells without data.  adjustment: of a raster's colours.  resampling: of a raster,
    ``nearest``, ``bilinear`` or ``majority``; empty for what suits its theme.  colors: what is continuous is drawn in at most so many
    (`quantised`), 0 for as many as there are.
    """

    theme: Theme
    opacity: float = 1.0
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    filter: Expression | None = None
    blend: str = "normal"
    name: str = ""
    source: str = ""
    labels: tuple[LabelClass, ...] = ()
    nodata_color: Color | None = None
    adjustment: ColorAdjustment | None = None
    resampling: str = ""
    colors: int = 0


def style_digest(style: Style) -> str:
    """A name for this very style: equal styles have equal digests, in every process of one release."""
    return hashlib.blake2b(repr(style).encode(), digest_size=16).hexdigest()
