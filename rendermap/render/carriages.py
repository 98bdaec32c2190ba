"""How a layer's features are carried into the map's CRS."""

from __future__ import annotations

from rendermap.dispatch.plan import LayerPlan
from rendermap.geo.bbox import BBox, pad
from rendermap.geo.crs import transform_bbox
from rendermap.render.bends import holds_bent, longest_straight
from rendermap.render.copies import Carriage
from rendermap.render.seams import is_torn
from rendermap.symbology.facts import VectorFacts

FEW_FEATURES = 20_000
AROUND = 0.25
MUCH = 0.25
"""Of a dataset's box: for so much of it one look at all features is no dearer."""


def carriage_of(plan: LayerPlan, map_crs: str) -> Carriage | None:
    """The carriage of a layer with a bbox; None where data and map have one CRS."""
    box = plan.layer.bbox
    assert box is not None
    if plan.crs == map_crs:
        return None
    return Carriage(plan.crs, map_crs, is_torn(box, plan.crs, map_crs), longest_straight(box, plan.crs, map_crs))


def carriage_where_needed(plan: LayerPlan, map_crs: str, seen: BBox | None = None) -> Carriage | None:
    """As `carriage_of`, None also where Mapnik, which carries vertices only, draws the features rightly.

    seen: of many features those in this box of the map count, so that a picture costs no look at all of them; None for all.
    """
    carriage = carriage_of(plan, map_crs)
    if carriage is None or carriage.is_torn:
        return carriage
    if not carriage.longest:
        return None
    return carriage if is_bent(plan, carriage, seen) else None


def is_bent(plan: LayerPlan, carriage: Carriage, seen: BBox | None) -> bool:
    """True when Mapnik would draw an edge straight that is none on the map.  carriage: not torn.  seen: see `carriage_where_needed`."""
    if plan.layer.reader != "ogr":
        return True
    assert carriage.longest
    return holds_bent(plan.layer, carriage.longest, plan.crs, carriage.map_crs, looked_at(plan, carriage.map_crs, seen))


def looked_at(plan: LayerPlan, map_crs: str, seen: BBox | None) -> BBox | None:
    """The box, in the data's CRS, whose features tell how a layer is carried for what is seen; None where all of them do."""
    facts, whole = plan.layer.facts, plan.layer.bbox
    if seen is None or whole is None or not isinstance(facts, VectorFacts) or 0 <= facts.count <= FEW_FEATURES:
        return None
    box = transform_bbox(pad(seen, seen.width * AROUND, seen.height * AROUND), map_crs, plan.crs)
    return None if box is None or box.width * box.height > MUCH * whole.width * whole.height else box
