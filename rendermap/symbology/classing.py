"""How classes were made, and whether they are made again for each result."""

from __future__ import annotations

from enum import StrEnum


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
