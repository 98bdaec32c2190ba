"""A Style as values: how one tool layer looks.

A Style keeps its *theme* - what is classified by what - because classes made from a result, the legend and the documents of
the protocols need the intent.  Flat drawing rules are made last, in `render/`.  A theme whose numbers are still to be taken
from the result says so with a recipe; `classify.fit` resolves it, and only a resolved Style may be drawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from rendermap.symbology.expressions import Expression
from rendermap.symbology.symbols import Color, Symbol

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
    classes are read anew from each result.
    """

    fields: tuple[str, ...]
    classes: tuple[Category, ...]
    default: Symbol | None = None
    default_label: str = ""
    heading: str = ""
    ramp: Ramp | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A class up to and including upper."""

    upper: float
    symbol: Symbol
    label: str = ""


@dataclass(frozen=True, slots=True)
class Breaks:
    """Graduated classes of a number, ascending; lower limits are exclusive but for the first class's minimum.

    normalization_field: divides the value when given.
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


# --- raster themes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours at positions from 0 to 1, ascending, linear between."""

    stops: tuple[tuple[float, Color], ...]


class StretchKind(StrEnum):
    """How values become positions on the ramp."""

    NONE = "none"
    MINIMUM_MAXIMUM = "minimum_maximum"
    PERCENT_CLIP = "percent_clip"
    STANDARD_DEVIATIONS = "standard_deviations"
    HISTOGRAM_EQUALIZE = "histogram_equalize"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class StretchRecipe:
    """How one band's values become 0 to 1.

    limits: (low, high) in data units once known; None until fitted to the result.  percents: clipped off below and above,
    0 to 100.  deviations: half width in standard deviations.  gamma: exponent 1/gamma after the stretch; 1 is linear.
    curve: for equalising, (value, position) pairs once fitted.  template_limits: what the template's own data had, used where
    classes stay as in the template.
    """

    kind: StretchKind = StretchKind.MINIMUM_MAXIMUM
    limits: tuple[float, float] | None = None
    percents: tuple[float, float] = (0.5, 0.5)
    deviations: float = 2.0
    gamma: float = 1.0
    invert: bool = False
    curve: tuple[tuple[float, float], ...] = ()
    template_limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """One band along a ramp.  background: value drawn in background_color (None: not at all)."""

    ramp: Ramp
    recipe: StretchRecipe
    band: int = 1
    background: float | None = None
    background_color: Color | None = None
    labels: tuple[str, ...] = ()
    heading: str = ""


@dataclass(frozen=True, slots=True)
class RasterClass:
    """A class up to and including upper."""

    upper: float
    color: Color
    label: str = ""


@dataclass(frozen=True, slots=True)
class Classified:
    """Classes of a band's values, ascending; below minimum nothing is drawn (minimum None: no lower limit)."""

    classes: tuple[RasterClass, ...]
    minimum: float | None = None
    method: Method = Method.MANUAL
    band: int = 1
    heading: str = ""
    ramp: Ramp | None = None


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
    """Three bands as colours; a band number of 0 leaves that colour dark.  alpha_band: 0 for none."""

    bands: tuple[int, int, int] = (1, 2, 3)
    recipes: tuple[StretchRecipe, StretchRecipe, StretchRecipe] = field(default_factory=lambda: (StretchRecipe(StretchKind.NONE),) * 3)
    alpha_band: int = 0
    background: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class ShadedRelief:
    """Elevation lit from azimuth_deg (clockwise from north) and altitude_deg; ramp colours the height when given."""

    azimuth_deg: float = 315.0
    altitude_deg: float = 45.0
    z_factor: float = 1.0
    ramp: Ramp | None = None
    recipe: StretchRecipe | None = None
    band: int = 1
    heading: str = ""


VectorTheme = Single | Categories | Breaks
RasterTheme = Stretch | Classified | UniqueRaster | Colormap | RGB | ShadedRelief
Theme = VectorTheme | RasterTheme


@dataclass(frozen=True, slots=True)
class Style:
    """How one tool layer looks.

    opacity: of the whole layer, 0 to 1.  min_scale_denominator: farthest scale drawn, max_scale_denominator: nearest, at 0.28 mm
    per pixel; None for no limit.  filter: features that fail it are not drawn.  source: where the style came from, for people
    (``layer file``, ``chosen from the data``).  classification: see `Classification`.
    """

    theme: Theme
    opacity: float = 1.0
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    filter: Expression | None = None
    blend: str = "normal"
    name: str = ""
    source: str = ""


def style_digest(style: Style) -> str:
    """A name for this very style: equal styles have equal digests, in every process of one release."""
    return hashlib.blake2b(repr(style).encode(), digest_size=16).hexdigest()
