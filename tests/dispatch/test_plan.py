"""Plans and their digests."""

from dataclasses import replace
from pathlib import Path

from rendermap.access.grant import PUBLIC, UNBOUNDED, Grant, Link, Operation, Principal, PrincipalKind
from rendermap.dispatch.plan import MapPlan, cache_key, job_digest, layer_plan, plan_digest
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


def test_what_a_picture_is_kept_under_begins_with_its_job() -> None:
    """Whoever asks, by whatever way: all of a job's pictures can be dropped with it, and blank ones are no job's."""
    link = Link("7", "S", "j1", None, Operation.DATA, UNBOUNDED, 0, 0, 1)
    somebody = Principal("someone", PrincipalKind.LINK, frozenset({"staff"}), "192.0.2.7", link)
    grants = [GRANT, replace(GRANT, principal=somebody), replace(GRANT, operation=Operation.DATA)]
    keys = {cache_key(grant, plan(), plan_digest(grant, plan())) for grant in grants}
    assert len(keys) == 1 and keys.pop().startswith(f"{job_digest('S', 'j1')}/")
    assert len({job_digest("S", "j1"), job_digest("S", "j2"), job_digest("T", "j1")}) == 3
    blank = replace(plan(), layers=())
    assert cache_key(GRANT, blank, plan_digest(GRANT, blank)).startswith("blank/")
