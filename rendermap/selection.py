"""Which layers of a job's map are drawn: those that are granted, those that are asked for, those with something to draw here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rendermap.access.grant import Grant
from rendermap.cards import scale_range
from rendermap.dispatch.plan import MapPlan
from rendermap.drawables import Drawable, JobMap, whole_bbox, whole_frame
from rendermap.fineness import Fineness, may_show, reach_px
from rendermap.geo.bbox import BBox, intersects, moved, pad, union
from rendermap.geo.crs import WGS84, transform_bbox
from rendermap.geo.extent import Lies, lies
from rendermap.geo.lattice import Lattice, comes_near, frames_of
from rendermap.geo.turns import carry_box, frame_across, turn_of, turns_onto
from rendermap.geo.view import MapView
from rendermap.request import LayerChoice, LayerMode
from rendermap.symbology.template import label_reach_pt


def within(job_map: JobMap, grant: Grant) -> JobMap:
    """The map of the granted layers alone; its box tells nothing of the others, nor of what lies outside the granted extent."""
    shown = tuple(d for d in job_map.drawables if d.tool.id in grant.layer_ids)
    extent = grant.bounds.extent_deg
    if shown == job_map.drawables and extent is None:
        return job_map
    crs = job_map.crs
    around = carry_box(BBox(*extent), WGS84, crs) if extent else None
    placed = shown if extent is None else tuple(_clipped(d, around, crs) for d in shown)
    boxes = [d.bbox for d in placed if d.bbox]
    whole = whole_bbox(boxes, crs) if boxes or around is None else around
    return replace(job_map, drawables=placed, bbox=whole, frame=whole_frame(placed, job_map.crs))


def _clipped(drawable: Drawable, extent: BBox | None, crs: str) -> Drawable:
    """With the box and the frame of what lies within an extent that may go on across the antimeridian; None for one without a place."""
    boxes, frames = (_shared(box, extent, crs) for box in (drawable.bbox, drawable.frame or drawable.bbox))
    return replace(drawable, bbox=union(boxes) if boxes else None, frame=frame_across(frames, crs))


def _shared(box: BBox | None, extent: BBox | None, crs: str) -> list[BBox]:
    """The parts of a box within an extent, wherever around the earth either has its coordinates."""
    if box is None or extent is None:
        return []
    turn = turn_of(crs)
    if turn is None:
        return [part for part in (clipped(box, extent),) if part]
    ways = turns_onto(extent.xmin, extent.xmax, (box.xmin, box.xmax), turn)
    return [part for way in ways if (part := clipped(box, moved(extent, way * turn.width)))]


def clipped(box: BBox | None, extent: BBox | None) -> BBox | None:
    """The part of a box within an extent, None when there is none; the whole box without an extent."""
    if box is None or extent is None:
        return box
    low = max(box.xmin, extent.xmin), max(box.ymin, extent.ymin)
    high = min(box.xmax, extent.xmax), min(box.ymax, extent.ymax)
    return BBox(*low, *high) if low[0] <= high[0] and low[1] <= high[1] else None


def chosen(job_map: JobMap, choice: LayerChoice) -> tuple[Drawable, ...]:
    """The drawables a layer choice names, top first.

    A group's id stands for its default-visible layers; a leaf named itself is drawn even under an invisible group
    (ArcGIS clients name leaves only).  Unknown ids are passed over.
    """
    hidden = {g.id for g in job_map.service.groups if not g.visible}
    default = {d.tool.id for d in job_map.drawables if d.tool.visible and d.tool.group not in hidden}
    named = set(choice.ids)
    named |= {d.tool.id for d in job_map.drawables if d.tool.group in named and d.tool.visible}
    everything = {d.tool.id for d in job_map.drawables}
    wanted = {
        LayerMode.DEFAULT: default,
        LayerMode.SHOW: named,
        LayerMode.HIDE: everything - named,
        LayerMode.INCLUDE: default | named,
        LayerMode.EXCLUDE: default - named,
    }[choice.mode]
    return tuple(d for d in job_map.drawables if d.tool.id in wanted)


def visible(drawables: Iterable[Drawable], view: MapView, lattice: Lattice, fineness: Fineness) -> tuple[Drawable, ...]:
    """Those with something to draw here: in scale, and within reach of the view, or of a block of labels that a tile is cut from."""
    scale = view.scale_denominator
    shown = []
    for drawable in drawables:
        farthest, nearest = scale_range(drawable)
        if drawable.layer is None or drawable.style is None or drawable.layer.bbox is None or drawable.crs is None:
            continue
        if (farthest and scale > farthest) or (nearest and scale < nearest):
            continue
        if finest := fineness.cut(drawable, view):
            shown += [drawable] * may_show(drawable, view, finest)
            continue
        box = transform_bbox(drawable.layer.bbox, drawable.crs, view.crs)
        # the box of a reprojected dataset is made from points on a grid: leave room for what bulges between them
        reach = view.resolution * (drawable.reach_pt * 2 * view.pixel_ratio + 4)
        if (box and intersects(pad(box, reach + box.width * 0.01, reach + box.height * 0.01), view.bbox)) or (
            drawable.style.labels and _may_have_labels(drawable, view, lattice)
        ):
            shown.append(drawable)
    return tuple(shown)


def _may_have_labels(drawable: Drawable, view: MapView, lattice: Lattice) -> bool:
    assert drawable.layer and drawable.layer.bbox and drawable.crs and drawable.style
    box, crs, reach = drawable.layer.bbox, drawable.crs, label_reach_pt(drawable.style)
    return any(comes_near(box, crs, reach, frame) for frame in frames_of(view, lattice))


def bounded(plan: MapPlan, drawables: Iterable[Drawable], extent_deg: BBox | None, fineness: Fineness) -> MapPlan:
    """The plan bounded to a part of the earth: the very same where all that leaves a trace on it lies inside, without layers outside.

    drawables: the plan's.  A filter of which features are looked up must know the part in any case: it is looked up in no other.
    """
    if extent_deg is None or not plan.layers:
        return plan
    margin_px = max(reach_px(d, plan.view, fineness.cut(d, plan.view)) for d in drawables)
    match lies(plan.view, extent_deg, margin_px):
        case Lies.INSIDE if all(layer.asked is None for layer in plan.layers):
            return plan
        case Lies.INSIDE | Lies.ACROSS:
            return replace(plan, clip_deg=extent_deg)
        case Lies.OUTSIDE:
            return replace(plan, layers=(), lattice=None)
