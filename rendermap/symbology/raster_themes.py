"""The themes of rasters as values; a part of `style`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rendermap.symbology.classing import Method
from rendermap.symbology.symbols import Color, Ramp


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
    """A class up to and including upper.  is_gap: no class but what lies between two, and has no colour."""

    upper: float
    color: Color
    label: str = ""
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Classified:
    """Classes of a band's values, ascending; below minimum nothing is drawn (minimum None: no lower limit).

    field: the attribute-table column that is classed, ``Value`` for the cells themselves.  excluded: (low, high) ranges, ends included,
    that belong to no class and have excluded_color (None: are not drawn).  is_descending: the legend begins with the highest class.
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
    is_descending: bool = False


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
    ramp: colours of values that have no class yet.
    """

    classes: tuple[RasterCategory, ...]
    default: Color | None = None
    default_label: str = ""
    band: int = 1
    field: str = "Value"
    heading: str = ""
    ramp: Ramp | None = None


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
    shades: of the light on coloured heights, 0 for as many as there are.
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
    shades: int = 0
