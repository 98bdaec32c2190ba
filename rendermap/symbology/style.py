"""A Style as values: how one tool layer looks.

A Style keeps its *theme* - what is classified by what - because classes made from a result, the legend and the documents of
the protocols need the intent.  Flat drawing rules are made last, in `render/`.  A theme whose numbers are still to be taken
from the result says so with a recipe; `classify.fit` resolves it, and only a resolved Style may be drawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from rendermap.symbology.expressions.tree import Expression, Operand
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.symbols import Color, Ramp, SizeBy, Symbol

Value = str | float | int | bool | None


class Method(StrEnum):
    """How class limits were made, so that they can be made again."""

    MANUAL = "manual"
    EQUAL_INTERVAL = "equal_interval"
    QUANTILE = "quantile"
    NATURAL_BREAKS = "natural_breaks"
    GEOMETRIC_INTERVAL = "geometric_interval"
    STANDARD_DEVIATION = "standard_deviation"
    DEFINED_INTERVAL = "defined_interval"


class Classification(StrEnum):
    """Whether classes come from the template or from each result (the service's ``classification``)."""

    AUTO = "auto"
    AS_TEMPLATE = "as_template"
    FROM_RESULT = "from_result"


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
    """A class up to and including upper."""

    upper: float
    symbol: Symbol
    label: str = ""


@dataclass(frozen=True, slots=True)
class Breaks:
    """Graduated classes of a number, ascending; lower limits are exclusive but for the first class's minimum.

    normalization_field: divides the value when given.  expression: classifies by a value made from the feature; field is then empty.
    excluded: features that are drawn as if they had no value.
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
    """

    symbol: Symbol
    size: SizeBy
    largest: float = 50.0
    under: Symbol | None = None
    heading: str = ""
    label: str = ""


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
    """Dots scattered in polygons, one for every dot_value; always at the same places.  under: the polygons themselves."""

    dots: tuple[Dots, ...]
    dot_value: float
    under: Symbol | None = None
    seed: int = 1
    heading: str = ""


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


# --- raster themes ---------------------------------------------------------------------------------------------------


class StatisticsSource(StrEnum):
    """Whose statistics limit a stretch."""

    DATASET = "dataset"
    VIEW = "view"
    TEMPLATE = "template"


class StretchKind(StrEnum):
    """How values become positions on the ramp."""

    NONE = "none"
    MINIMUM_MAXIMUM = "minimum_maximum"
    PERCENT_CLIP = "percent_clip"
    STANDARD_DEVIATIONS = "standard_deviations"
    HISTOGRAM_EQUALIZE = "histogram_equalize"
    HISTOGRAM_SPECIFICATION = "histogram_specification"
    SQUARE_ROOT = "square_root"
    LOGARITHM = "logarithm"
    COUNT = "count"
    ESRI = "esri"
    DEFAULT_FROM_SOURCE = "default_from_source"
    CUSTOM = "custom"
    SIGMOID = "sigmoid"


@dataclass(frozen=True, slots=True)
class StretchRecipe:
    """How one band's values become 0 to 1.

    limits: (low, high) in data units once known; None until fitted to the result.  percents: clipped off below and above,
    0 to 100.  deviations: half width in standard deviations.  gamma: exponent 1/gamma after the stretch; 1 is linear.
    curve: where the stretch is not a straight line, (value, position) pairs, values ascending: once fitted, or drawn by hand.
    template_limits, template_curve: what the template's own data had, used where classes stay as in the template.
    target: of a histogram specification, how many cells each of equal steps along the ramp is to have.
    strength: of a sigmoid, 1 (flat) to 6 (steep).  center: the value in the middle of an Esri stretch; None for the mean.
    """

    kind: StretchKind = StretchKind.MINIMUM_MAXIMUM
    limits: tuple[float, float] | None = None
    percents: tuple[float, float] = (0.5, 0.5)
    deviations: float = 2.0
    gamma: float = 1.0
    invert: bool = False
    curve: tuple[tuple[float, float], ...] = ()
    template_limits: tuple[float, float] | None = None
    source: StatisticsSource = StatisticsSource.DATASET
    template_curve: tuple[tuple[float, float], ...] = ()
    target: tuple[float, ...] = ()
    strength: float = 2.0
    center: float | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """One band along a ramp.

    background: value drawn in background_color (None: not at all).  relief: a hillshade that darkens the colours.
    """

    ramp: Ramp
    recipe: StretchRecipe
    band: int = 1
    background: float | None = None
    background_color: Color | None = None
    labels: tuple[str, ...] = ()
    heading: str = ""
    relief: ShadedRelief | None = None


@dataclass(frozen=True, slots=True)
class RasterClass:
    """A class up to and including upper."""

    upper: float
    color: Color
    label: str = ""


@dataclass(frozen=True, slots=True)
class Classified:
    """Classes of a band's values, ascending; below minimum nothing is drawn (minimum None: no lower limit).

    field: the attribute-table column that is classed, ``Value`` for the cells themselves.  excluded: (low, high) ranges, ends included,
    that belong to no class and have excluded_color (None: are not drawn).
    """

    classes: tuple[RasterClass, ...]
    minimum: float | None = None
    method: Method = Method.MANUAL
    band: int = 1
    heading: str = ""
    ramp: Ramp | None = None
    field: str = "Value"
    excluded: tuple[tuple[float, float], ...] = ()
    excluded_color: Color | None = None
    excluded_label: str = ""


@dataclass(frozen=True, slots=True)
class RasterCategory:
    """Values drawn alike.  texts: the same where the theme's field is a text column of the attribute table; values are then its rows'."""

    values: tuple[float, ...]
    color: Color
    label: str = ""
    heading: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UniqueRaster:
    """Single values of a band; default is the colour of all others, None for none.

    field: the attribute-table column that the labels classify by; values are pixel values where it is ``Value``.
    """

    classes: tuple[RasterCategory, ...]
    default: Color | None = None
    default_label: str = ""
    band: int = 1
    field: str = "Value"
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Colormap:
    """The dataset's own colour table, or entries given by the style: (value, colour, label)."""

    entries: tuple[tuple[int, Color, str], ...] = ()
    band: int = 1
    heading: str = ""


@dataclass(frozen=True, slots=True)
class RGB:
    """Three bands as colours; a band number of 0 leaves that colour dark.  alpha_band: 0 for none.

    background: the three values that are drawn in background_color (None: not at all).  black_band: for prints, whose bands are cyan,
    magenta and yellow, the band of black, stretched by black_recipe; 0 for none.
    """

    bands: tuple[int, int, int] = (1, 2, 3)
    recipes: tuple[StretchRecipe, StretchRecipe, StretchRecipe] = field(default_factory=lambda: (StretchRecipe(StretchKind.NONE),) * 3)
    alpha_band: int = 0
    background: tuple[float, float, float] | None = None
    background_color: Color | None = None
    black_band: int = 0
    black_recipe: StretchRecipe = field(default_factory=lambda: StretchRecipe(StretchKind.NONE))


@dataclass(frozen=True, slots=True)
class ShadedRelief:
    """Elevation lit from azimuth_deg (clockwise from north) and altitude_deg; ramp colours the height when given.

    is_multidirectional: lit from several sides at once, azimuth_deg and altitude_deg then do not count.
    size_factor, size_power: heights are exaggerated by size_factor * (cell size drawn) ** size_power on top of z_factor.
    """

    azimuth_deg: float = 315.0
    altitude_deg: float = 45.0
    z_factor: float = 1.0
    ramp: Ramp | None = None
    recipe: StretchRecipe | None = None
    band: int = 1
    heading: str = ""
    is_multidirectional: bool = False
    size_factor: float = 0.0
    size_power: float = 0.0


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
    ``nearest``, ``bilinear`` or ``majority``; empty for what suits its theme.
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


def style_digest(style: Style) -> str:
    """A name for this very style: equal styles have equal digests, in every process of one release."""
    return hashlib.blake2b(repr(style).encode(), digest_size=16).hexdigest()
