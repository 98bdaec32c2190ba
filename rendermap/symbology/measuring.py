"""What is asked to be measured in a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rendermap.symbology.expressions.tree import Expression, Operand
from rendermap.symbology.facts import Measures


@dataclass(frozen=True, slots=True)
class Need:
    """The numbers of one field of a vector dataset, or of one band (from 1) of a raster.

    fields: instead, the combinations of values that several fields have together.  value: instead, what is made from each feature.
    where: features that fail it do not count.  distinct_limit: give up listing values beyond it.
    """

    field: str | None
    band: int = 1
    fields: tuple[str, ...] = ()
    value: Operand | None = None
    where: Expression | None = None
    distinct_limit: int = 256


Taken = Mapping[Need, Measures]
