"""A viewshed of many lookouts that has begun and not ended: its job is still running, its raster half written."""

from __future__ import annotations

import sys
from pathlib import Path

from rendermap.demo.surface import hillshade
from rendermap.demo.terrain import read_elevation, write_geotiff
from rendermap.jobs import manifest


def main(jobs_dir: Path) -> None:
    """Begin the job and leave it as it is in the midst of the run."""
    run = manifest.start(jobs_dir, service="Viewshed", task="Viewshed", inputs={"Lookouts": 48})
    run.message("Looking from 48 summits as far as 30 km.")
    grid = read_elevation()
    relief = run.path("%scratchworkspace%/relief.tif")
    write_geotiff(relief, hillshade(grid), grid, nodata=0)
    run.path("%scratchworkspace%/viewshed.tif").write_bytes(relief.read_bytes()[:4096])
    run.progress("Lookout 31 of 48", percent=65)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
