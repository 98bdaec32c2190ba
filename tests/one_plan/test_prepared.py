"""With real workers: what is prepared behind the first picture is what the next ones are drawn from, and they are the same."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import numpy as np
import shapely
from PIL import Image

from rendermap.dispatch.pool import Pool
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.render.kept_vectors import LEAST_FEATURES
from rendermap.symbology.style import Break, Breaks, Style
from rendermap.symbology.symbols import Color, Fill, Stroke, Symbol
from tests.builders.pools import run
from tests.builders.vectors import map_plan, plan_for, write_features

RANDOM = np.random.default_rng(3)
VIEW = MapView(BBox(1_001_000.0, 6_400_000.0, 1_004_000.0, 6_403_000.0), "EPSG:3857", 256, 256)


def test_prepared_polygons_are_drawn_as_the_dataset_is(tmp_path: Path) -> None:
    """By whichever worker, while nobody waited; at the end of the pool nothing of it stays."""
    job = tmp_path / "job"
    job.mkdir()
    count = LEAST_FEATURES + 1
    places = RANDOM.uniform((9.0, 49.7), (9.03, 49.73), (count, 2))
    shapes = [shapely.Point(*place).buffer(0.002, quad_segs=2) for place in places]
    layer = write_features(job, list(shapes), {"depth_m": RANDOM.uniform(0, 4, count).round(3).tolist()}, driver="GPKG", crs="EPSG:4326")
    edge = Stroke(Color(40, 40, 40), 0.6)
    classes = tuple(Break(upper, Symbol((Fill(Color(60 * int(upper), 120, 200, 160)), edge))) for upper in (1.0, 2.0, 3.0, 4.0))
    plan = map_plan(VIEW, plan_for(layer, Style(Breaks("depth_m", 0.0, classes))))

    async def draw() -> None:
        pool = Pool(2, readable=(tmp_path,))
        await pool.start()
        try:
            before = (await pool.draw(plan)).body
            async with asyncio.timeout(60):
                while not pool.is_calm:
                    await asyncio.sleep(0.05)
            assert pool._scratch
            shared = pool._scratch.path
            assert [file.suffix for file in shared.rglob("*.shp")] == [".shp"]
            after = [drawn.body for drawn in await asyncio.gather(*(pool.draw(plan) for _ in range(4)))]
        finally:
            await pool.stop()
        assert not shared.exists()
        for body in after:
            assert np.abs(_pixels(body) - _pixels(before)).max() <= 3

    run(draw, 120)


def _pixels(body: bytes) -> np.ndarray:
    with Image.open(BytesIO(body)) as image:
        return np.asarray(image.convert("RGBA")).astype(int)
