"""With real workers: what is prepared behind the first picture is what the next ones are drawn from, and they are the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from rendermap.assembly import program_of
from rendermap.dispatch.plan import MapPlan
from rendermap.dispatch.pool import Pool
from rendermap.dispatch.process import NURSERY, WorkerProgram
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.kept_vectors import LEAST_FEATURES
from rendermap.settings import Settings
from rendermap.symbology.shapes import CIRCLE
from rendermap.symbology.style import Break, Breaks, Style
from rendermap.symbology.symbols import Color, Fill, Marker, Stroke, Symbol
from rendermap.telemetry import make_metrics
from tests.builders.damage import spoil
from tests.builders.pools import run
from tests.builders.vectors import map_plan, plan_for, write_features

RANDOM = np.random.default_rng(3)
VIEW = MapView(BBox(1_001_000.0, 6_400_000.0, 1_004_000.0, 6_403_000.0), "EPSG:3857", 256, 256)


EDGE = Stroke(Color(40, 40, 40), 0.6)
SYMBOLS: dict[str, Callable[[Color], Symbol]] = {
    "polygons": lambda color: Symbol((Fill(color), EDGE)),
    "points": lambda color: Symbol((Marker(CIRCLE, 5.0, color, EDGE),)),
}


def many(kind: str, folder: Path) -> MapPlan:
    """A map of enough features to be prepared."""
    job = folder / "job"
    job.mkdir()
    count = LEAST_FEATURES + 1
    places = RANDOM.uniform((9.0, 49.7), (9.03, 49.73), (count, 2))
    points = [shapely.Point(*place) for place in places]
    shapes = points if kind == "points" else [point.buffer(0.002, quad_segs=2) for point in points]
    layer = write_features(job, list(shapes), {"depth_m": RANDOM.uniform(0, 4, count).round(3).tolist()}, driver="GPKG", crs="EPSG:4326")
    classes = tuple(Break(upper, SYMBOLS[kind](Color(60 * int(upper), 120, 200, 160))) for upper in (1.0, 2.0, 3.0, 4.0))
    return map_plan(VIEW, plan_for(layer, Style(Breaks("depth_m", 0.0, classes))))


@pytest.mark.parametrize(("kind", "made", "bound"), [("polygons", [".shp"], 3), ("points", [".points", ".shp"], 24)])
def test_what_is_prepared_is_drawn_as_the_dataset_is(kind: str, made: list[str], bound: int, tmp_path: Path) -> None:
    """By whichever worker, while nobody waited; once damaged it is not drawn, but made anew; at the end of the pool nothing of it stays."""
    plan = many(kind, tmp_path)

    async def draw() -> None:
        metrics = make_metrics()
        pool = Pool(2, readable=(tmp_path,), metrics=metrics)
        await pool.start()
        try:
            before = (await pool.draw(plan)).body
            await calm(pool)
            assert pool._crew._scratch
            shared = pool._crew._scratch.path
            assert sorted(file.suffix for pattern in ("*.shp", "*.points") for file in shared.rglob(pattern)) == made
            after = [drawn.body for drawn in await asyncio.gather(*(pool.draw(plan) for _ in range(4)))]
            files = [file for suffix in made for file in shared.rglob(f"*{suffix}")]
            for file in files:
                spoil(file)
            after += [(await pool.draw(plan)).body for _ in range(4)]
            assert metrics.store_damaged.labels("prepared")._value.get() >= len(files)
            await calm(pool)
            assert all(file.exists() for file in files), "made anew"
        finally:
            await pool.stop()
        assert not shared.exists()
        for body in after:
            assert np.abs(_pixels(body) - _pixels(before)).max() <= bound

    run(draw, 120)


def test_what_is_prepared_is_bounded(tmp_path: Path) -> None:
    """By the setting, in every worker: of two copies that are too large together the one made last stays."""

    async def draw() -> None:
        settings = Settings(jobs=(tmp_path,), services=tmp_path, workers=1, prepared_mb=256)
        program = WorkerProgram(nursery=NURSERY, copies_bytes=1000)
        pool = Pool(1, readable=(tmp_path,), program=program)
        assert program_of(settings).copies_bytes == 256 << 20
        await pool.start()
        try:
            await pool.draw(many("points", tmp_path))
            await calm(pool)
            assert pool._crew._scratch
            assert [file.suffix for file in pool._crew._scratch.path.rglob("*-*.[ps]*")] == [".points"]
        finally:
            await pool.stop()

    run(draw, 120)


async def calm(pool: Pool) -> None:
    """Nothing is prepared any more."""
    async with asyncio.timeout(60):
        while not pool.is_calm:
            await asyncio.sleep(0.05)


def _pixels(body: bytes) -> np.ndarray:
    with Image.open(BytesIO(body)) as image:
        pixels = np.asarray(image.convert("RGBA")).astype(int)
        return pixels * pixels[..., 3:] // 255
