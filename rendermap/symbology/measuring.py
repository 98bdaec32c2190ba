"""What is asked to be measured in a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rendermap.symbology.facts import Measures


@dataclass(frozen=True, slots=True)
class Need:
    """The numbers of one field of a vector dataset, or of one band (from 1) of a raster."""

    field: str | None
    band: int = 1


Taken = Mapping[Need, Measures]
