"""What a worker keeps of datasets from one picture to the next, each in its own place; all of it can be forgotten at once."""

from __future__ import annotations

from rendermap.render import bends, gdb_raster, journal, seals
from rendermap.render.labels import BLOCKS
from rendermap.render.one_picture import BLOCKS_OF_ONE
from rendermap.render.points import WARM_STAMPS
from rendermap.render.vectors import WARM
from rendermap.render.warm_points import WARM_POINTS
from rendermap.render.warm_rasters import warm_rasters


def forget_datasets() -> None:
    """Forget everything: what was kept while a dataset changed may be of another version than its name says."""
    for memory in (WARM, WARM_STAMPS, BLOCKS, BLOCKS_OF_ONE, WARM_POINTS, warm_rasters()):
        memory.forget()
    bends.forget()
    gdb_raster.forget()
    journal.forget()
    seals.forget()
