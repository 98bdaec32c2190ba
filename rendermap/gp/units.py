"""Units of length and area as GP values name them, and what they measure."""

from __future__ import annotations

from collections.abc import Mapping

from rendermap.table import Table

_FOOT_M, _SURVEY_FOOT_M = 0.3048, 1200 / 3937

LINEAR_UNITS: Table[float | None] = Table(
    "unit of length",
    {
        "esriMeters": 1.0,
        "esriKilometers": 1000.0,
        "esriDecimeters": 0.1,
        "esriCentimeters": 0.01,
        "esriMillimeters": 0.001,
        "esriFeet": _SURVEY_FOOT_M,
        "esriInches": _SURVEY_FOOT_M / 12,
        "esriYards": 3 * _SURVEY_FOOT_M,
        "esriMiles": 5280 * _SURVEY_FOOT_M,
        "esriNauticalMiles": 1853.248,
        "esriIntFeet": _FOOT_M,
        "esriIntInches": _FOOT_M / 12,
        "esriIntYards": 3 * _FOOT_M,
        "esriIntMiles": 5280 * _FOOT_M,
        "esriIntNauticalMiles": 1852.0,
        "esriPoints": _FOOT_M / 12 / 72,
        "esriDecimalDegrees": None,
    },
)
"""Metres; None where that depends on the place.  The plain feet, inches, yards and miles are those of the United States' survey."""

AREAL_UNITS: Table[float] = Table(
    "unit of area",
    {
        "esriSquareMeters": 1.0,
        "esriSquareKilometers": 1e6,
        "esriHectares": 1e4,
        "esriAres": 100.0,
        "esriSquareDecimeters": 0.01,
        "esriSquareCentimeters": 1e-4,
        "esriSquareMillimeters": 1e-6,
        "esriSquareFeet": _FOOT_M**2,
        "esriSquareInches": (_FOOT_M / 12) ** 2,
        "esriSquareYards": (3 * _FOOT_M) ** 2,
        "esriSquareMiles": (5280 * _FOOT_M) ** 2,
        "esriAcres": 43560 * _FOOT_M**2,
        "esriSquareFeetUS": _SURVEY_FOOT_M**2,
        "esriSquareInchesUS": (_SURVEY_FOOT_M / 12) ** 2,
        "esriSquareYardsUS": (3 * _SURVEY_FOOT_M) ** 2,
        "esriSquareMilesUS": (5280 * _SURVEY_FOOT_M) ** 2,
        "esriAcresUS": 43560 * _SURVEY_FOOT_M**2,
    },
)
"""Square metres."""


def to_metres(value: Mapping[str, object]) -> float:
    """The length of a GPLinearUnit value.  Raises ValueError for degrees, whose length depends on the place."""
    metres = LINEAR_UNITS[str(value["units"])]
    if metres is None:
        raise ValueError("degrees are no length by themselves")
    return _number(value["distance"]) * metres


def to_square_metres(value: Mapping[str, object]) -> float:
    """The area of a GPArealUnit value."""
    return _number(value["area"]) * AREAL_UNITS[str(value["units"])]


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value
