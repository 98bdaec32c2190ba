"""What the renderers of features and of rasters spell alike."""

from __future__ import annotations

import math

from rendermap.symbology.document import Node, to_number
from rendermap.symbology.style import Method

_ROUNDING = 1e-6
"""Documents are written with rounded limits."""

METHODS = {
    "esriClassifyEqualInterval": Method.EQUAL_INTERVAL,
    "esriClassifyQuantile": Method.QUANTILE,
    "esriClassifyNaturalBreaks": Method.NATURAL_BREAKS,
    "esriClassifyGeometricalInterval": Method.GEOMETRIC_INTERVAL,
    "esriClassifyStandardDeviation": Method.STANDARD_DEVIATION,
    "esriClassifyDefinedInterval": Method.DEFINED_INTERVAL,
}


def method_of(node: Node) -> Method:
    """How classes were made; where it is not told they stay as they are."""
    return METHODS.get(node.text("classificationMethod"), Method.MANUAL)


def heading_of(node: Node) -> str:
    """What stands above the classes in a legend."""
    options = node.child("legendOptions")
    return options.text("title") if options else ""


def upper_of(info: Node) -> float:
    """The upper limit of a class; raises StyleInvalid without one."""
    upper = to_number(info.get("classMaxValue"))
    if upper is None:
        raise info.wrong("classMaxValue", "a number")
    return math.inf if upper > 1.7e308 else upper


def lower_of(info: Node) -> float | None:
    """The lower limit of a class, where it has one of its own."""
    return to_number(info.get("classMinValue"))


def is_beyond(lower: float, upper: float) -> bool:
    """Whether a class that begins at lower leaves room above one that ends at upper, other than what rounding makes."""
    return lower - upper > _ROUNDING * max(abs(lower), abs(upper))
