"""Workers that may read nothing but the jobs still have the fonts of every script, and the tables that text is set by."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import shapely
from PIL import Image

from rendermap.dispatch.plan import LegendPlan, SheetPlan, SwatchLayer
from rendermap.dispatch.pool import Pool
from rendermap.render.compose import draw
from rendermap.symbology.expressions.tree import Column
from rendermap.symbology.labels import LabelClass
from rendermap.symbology.style import Single, Style
from tests.builders.pools import run
from tests.builders.vectors import RED, fill, map_plan, plan_for, view_on, write_features

NAMES = ["مرحبا بالعالم", "हिन्दी", "東京都", "서울", "தமிழ்", "ไทย", "Ελλάδα"]


def test_a_confined_worker_draws_every_script(tmp_path: Path) -> None:
    """Its picture is the one that is drawn without walls, and its legend sheet has the names too."""
    points = [shapely.Point(128, 30 + 30 * i) for i in range(len(NAMES))]
    style = Style(Single(fill(RED)), labels=(LabelClass(Column("name")),))
    plan = map_plan(view_on((0, 0, 256, 256), width=256, height=256), plan_for(write_features(tmp_path, points, {"name": NAMES}), style))
    sheets = [
        LegendPlan((SwatchLayer(0, name, "polygon", style),), 1.0, (20, 20), SheetPlan("", False, "png")) for name in ("東東", "京京")
    ]

    async def ask() -> None:
        pool = Pool(1, readable=(tmp_path,))
        await pool.start()
        try:
            body = (await pool.draw(plan)).body
            drawn = [(await pool.legend_sheet(sheet)).body for sheet in sheets]
        finally:
            await pool.stop()
        picture = np.asarray(Image.open(BytesIO(body)).convert("RGBA"))
        assert picture[..., 3].any() and np.abs(picture[..., 3].astype(int) - draw(plan)[..., 3]).max() <= 1
        assert drawn[0] != drawn[1], "boxes of missing letters are all alike"

    run(ask, limit_s=90)
