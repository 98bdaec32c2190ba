"""Units of length and area as GP values name them, and what they measure."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class LinearUnit:
    """A length as a GPLinearUnit value has it; tools may say it as the type of a parameter."""

    distance: float
    units: str = "esriMeters"

    @property
    def metres(self) -> float:
        """Raises ValueError for degrees, whose length depends on the place."""
        metres = LINEAR_UNITS[self.units]
        if metres is None:
            raise ValueError("A length must be given in a unit of length: degrees are none.")
        return self.distance * metres


@dataclass(frozen=True, slots=True)
class ArealUnit:
    """An area as a GPArealUnit value has it; tools may say it as the type of a parameter."""

    area: float
    units: str = "esriSquareMeters"

    @property
    def square_metres(self) -> float:
        """In square metres."""
        return self.area * AREAL_UNITS[self.units]
