"""Parameters that would narrow or change an answer and are not done here: passed over, they would make it wrong."""

from __future__ import annotations

from rendermap.errors import InvalidParameter
from rendermap.frontends.kvp import Parameters

_UNDONE = (
    "historicMoment", "clipping", "spatialFilter", "mapRangeValues", "layerRangeValues", "layerParameterValues", "rangeValues",
    "parameterValues",
)  # fmt: skip
_NOTHING = frozenset(("false", "null", "none", "{}", "[]"))
_USUAL_RELATION = "esritimerelationoverlaps"


def refuse_undone(parameters: Parameters, others: tuple[str, ...] = ()) -> None:
    """Raises InvalidParameter with the names of those that are there and ask for anything.  others: of this question alone."""
    names = [name for name in (*_UNDONE, *others) if (parameters.get(name.lower()) or "false").strip().lower() not in _NOTHING]
    if (parameters.get("timerelation") or _USUAL_RELATION).lower() != _USUAL_RELATION:
        names.append("timeRelation")
    if names:
        raise InvalidParameter(f"Not supported: {', '.join(names)}.")
