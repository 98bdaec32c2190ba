"""Tiles pass the framework's own routing by, and nobody can tell."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rendermap.frontends.direct import DirectRoutes
from rendermap.jobs import manifest
from tests.builders.asgi import Answer, ask
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
"""
TILES = "/xyz/Demo/jobs/{job}/tiles"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rendermap.admission.REFUSAL_STEP_S", 1e-6)


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    made = CountedService(tmp_path, {"Demo": SERVICE})
    with manifest.start(made.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    made.job = run.job_id  # type: ignore[attr-defined]
    return made


def asked(service: CountedService, path: str, method: str = "GET") -> Answer:
    return asyncio.run(ask(service.app, path.format(job=service.job), method))  # type: ignore[attr-defined]


def test_tiles_need_no_route_of_the_framework(service: CountedService) -> None:
    """Without any of its routes tiles are given as before, and nothing else is."""
    service.app.router.routes.clear()
    assert asked(service, f"{TILES}/0/0/0.png").header("content-type") == "image/png"
    assert asked(service, "/xyz/Demo/jobs/{job}/tilejson.json").status == 404


WRONG = (
    "/0/0/0.png?layers=7", "/0/0/0.png?layers=0&layers=x", "/0/0/0.gif", "/0/9/9.png", "/old/0/0/0.png", "/0/0/0.png?token=forged",
    f"/0/0/0.png?{'&' * 999}",
)  # fmt: skip
RIGHT = "/0/0/0@2x.webp?layers=0"


@pytest.mark.parametrize(
    ("method", "path"), [*(("GET", path) for path in WRONG), *((method, RIGHT) for method in ("GET", "HEAD", "OPTIONS", "POST"))]
)
def test_the_answer_is_that_of_the_framework_s_way(service: CountedService, method: str, path: str) -> None:
    """To the byte and the header, whatever is wrong with the question."""
    direct = asked(service, TILES + path, method)
    (standing,) = [each for each in service.app.user_middleware if each.cls is DirectRoutes]  # type: ignore[comparison-overlap]
    standing.kwargs["routes"] = ()
    service.app.middleware_stack = None
    service.look_again()
    usual = asked(service, TILES + path, method)
    assert (direct.status, direct.headers, direct.body) == (usual.status, usual.headers, usual.body)
