"""How a layer's features are carried into the map's CRS."""

from __future__ import annotations

from rendermap.dispatch.plan import LayerPlan
from rendermap.render.bends import holds_bent, longest_straight
from rendermap.render.copies import Carriage
from rendermap.render.seams import is_torn


def carriage_of(plan: LayerPlan, map_crs: str) -> Carriage | None:
    """The carriage of a layer with a bbox; None where data and map have one CRS."""
    box = plan.layer.bbox
    assert box is not None
    if plan.crs == map_crs:
        return None
    return Carriage(plan.crs, map_crs, is_torn(box, plan.crs, map_crs), longest_straight(box, plan.crs, map_crs))


def carriage_where_needed(plan: LayerPlan, map_crs: str) -> Carriage | None:
    """As `carriage_of`, None also where Mapnik, which carries vertices only, draws the features rightly."""
    carriage = carriage_of(plan, map_crs)
    if carriage is None or carriage.is_torn:
        return carriage
    is_bent = carriage.longest and (plan.layer.reader != "ogr" or holds_bent(plan.layer, carriage.longest, plan.crs, map_crs))
    return carriage if is_bent else None
