"""Plans and their digests."""

from dataclasses import replace
from pathlib import Path

from rendermap.access.grant import PUBLIC, Grant, Operation
from rendermap.dispatch.plan import MapPlan, layer_plan, plan_digest
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.jobs.job import DataSource, Layer
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.style import Single, Style
from rendermap.symbology.symbols import Color, Fill, Symbol

GRANT = Grant(PUBLIC, Operation.VIEW, "S", "j1", frozenset({0}))


INK = Color(1, 2, 3)


def plan(fingerprint: str = "f", color: Color = INK, width_px: int = 256) -> MapPlan:
    source = DataSource(Path("/jobs/j1/scratch/a.fgb"), None, Path("/jobs/j1"), fingerprint)
    layer = Layer(source, "ogr", str(source.path), "EPSG:3857", BBox(0, 0, 1, 1), VectorFacts(GeometryKind.POLYGON, ()))
    style = Style(Single(Symbol((Fill(color),))))
    return MapPlan(MapView(BBox(0, 0, 1, 1), "EPSG:3857", width_px, 256), (layer_plan(0, layer, "EPSG:3857", style),), None, "png")


def test_equal_plans_have_equal_digests() -> None:
    """Values made apart are one picture."""
    assert plan_digest(GRANT, plan()) == plan_digest(GRANT, plan())


def test_whatever_changes_the_picture_changes_the_digest() -> None:
    """Data, style, frame, background and format all count: a job run again never shows an old picture."""
    plans = [
        plan(),
        plan("g"),
        plan(color=Color(1, 2, 4)),
        plan(width_px=257),
        replace(plan(), format="jpeg"),
        replace(plan(), background=(0, 0, 0)),
    ]
    assert len({plan_digest(GRANT, p) for p in plans}) == len(plans)


def test_who_asks_does_not_change_the_picture() -> None:
    """Two people who may look share one picture; a user or token never gets into a cache key."""
    other = replace(GRANT, principal=replace(PUBLIC, name="someone"))
    assert plan_digest(GRANT, plan()) == plan_digest(other, plan())
