"""The GP data types of parameters, and which of them make a layer.

Spec: ArcGIS REST API, GP task resource, parameter data types.
"""

from __future__ import annotations

from collections.abc import Mapping

GEOGRAPHIC_TYPES = frozenset(("GPFeatureRecordSetLayer", "GPRasterDataLayer", "GPRasterData"))
"""An output of such a type always has a tool layer."""

FEATURE_TYPE = "GPFeatureRecordSetLayer"

TABLE_TYPE = "GPRecordSet"
"""An output of such a type is not drawn, and may be read."""

NUMBER_TYPES = frozenset(("GPLong", "GPDouble"))
"""Values of such a type may be bounded."""

VALUE_TABLE = "GPValueTable"

COLUMN_TYPES = ("GPBoolean", "GPLong", "GPDouble", "GPString", "GPDate", "GPLinearUnit", "GPArealUnit")
"""What the cells of a value table may be."""

NAMING_TYPES = frozenset(("GPString", "GPDataFile"))
"""An output of such a type has a tool layer when the service gives it one: its value names a dataset."""

_SCALARS: Mapping[str, tuple[type, ...]] = {
    "GPBoolean": (bool,),
    "GPLong": (int,),
    "GPDouble": (int, float),
    "GPString": (str,),
    "GPDate": (int, str),
    "GPLinearUnit": (dict,),
    "GPArealUnit": (dict,),
    "GPDataFile": (str, dict),
    "GPRasterData": (str, dict),
    "GPRasterDataLayer": (str, dict),
    "GPRecordSet": (dict,),
    "GPFeatureRecordSetLayer": (dict,),
    VALUE_TABLE: (list,),
}
_MULTIVALUE = "GPMultiValue:"

DATA_TYPES = (*_SCALARS, f"{_MULTIVALUE}<any of these>")


def one_of(text: str) -> str:
    """The type of one value of a multivalue; any other type itself."""
    return text.removeprefix(_MULTIVALUE)


def is_many(text: str) -> bool:
    """True for a multivalue."""
    return text.startswith(_MULTIVALUE)


def is_dataset_type(text: str) -> bool:
    """True for a type whose values name files, one or many."""
    return one_of(text) in GEOGRAPHIC_TYPES | {"GPDataFile", "GPRecordSet"}


def is_data_type(text: str) -> bool:
    """True for a GP data type as a task resource spells it, ``GPMultiValue:GPString`` included."""
    return one_of(text) in _SCALARS


def fits(value: object, data_type: str) -> bool:
    """True when a default has the JSON form of its data type."""
    if is_many(data_type):
        return isinstance(value, list) and all(fits(each, one_of(data_type)) for each in value)
    return isinstance(value, _SCALARS[data_type]) and (isinstance(value, bool) == (data_type == "GPBoolean"))
