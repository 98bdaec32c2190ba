"""What fire lookouts on the highest summits would see: a raster of how many see each place, and the lookouts.

Leaves a job with our own job document: a GeoTIFF without overviews and a GeoPackage.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from skimage.feature import peak_local_max

from rendermap.demo.features import points_at, write_features
from rendermap.demo.surface import hillshade, visible_from
from rendermap.demo.terrain import Grid, read_elevation, write_geotiff
from rendermap.jobs import manifest

CELL_M = 25.0


def main(jobs_dir: Path, lookouts: int = 4, eye_m: float = 12.0, range_m: float = 15_000.0) -> None:
    """Run the tool and leave its job in jobs_dir."""
    inputs: dict[str, JsonValue] = {"Lookouts": lookouts, "Eye_Height": {"distance": eye_m, "units": "esriMeters"}, "Range": range_m}
    with manifest.start(jobs_dir, service="Viewshed", task="Viewshed", inputs=inputs) as run:
        grid = read_elevation(CELL_M)
        summits = find_summits(grid, lookouts)
        run.message(f"Looking from {len(summits)} summits as far as {range_m / 1000:g} km.")
        seen = np.zeros(grid.values.shape, np.uint8)
        shares = []
        for row, col in summits:
            visible = visible_from(grid, int(row), int(col), eye_m=eye_m, range_m=range_m)
            shares.append(visible.sum() * grid.cell_m**2 / 1e6)
            seen += visible
        x, y = grid.xy(summits[:, 0], summits[:, 1])
        write_geotiff(run.path("%scratchworkspace%/viewshed.tif"), seen, grid, nodata=0)
        write_geotiff(run.path("%scratchworkspace%/relief.tif"), hillshade(grid), grid, nodata=0)
        columns = {
            "Name": np.array([f"Lookout {number}" for number in range(1, len(x) + 1)], object),
            "Elevation_m": grid.values[tuple(summits.T)].round(1),
            "Seen_km2": np.array(shares).round(1),
        }
        write_features(run.path("%scratchworkspace%/lookouts.gpkg"), "lookouts", "Point", points_at(x, y), columns)
        run.output("Lookouts_Layer", "%scratchworkspace%/lookouts.gpkg/lookouts")
        run.output("Viewshed", "%scratchworkspace%/viewshed.tif")
        run.output("Relief", "%scratchworkspace%/relief.tif")
        run.value("Seen_Area", {"area": round(float((seen > 0).sum() * grid.cell_m**2 / 1e6), 2), "units": "esriSquareKilometers"})


def find_summits(grid: Grid, count: int) -> NDArray[np.int64]:
    """The highest summits at least 3 km apart and 2 km from the edge, highest first: (summits, 2) of row and col."""
    summits: NDArray[np.int64] = peak_local_max(
        grid.values, min_distance=int(3000 / grid.cell_m), num_peaks=count, exclude_border=int(2000 / grid.cell_m)
    )  # type: ignore[no-untyped-call]
    return summits


if __name__ == "__main__":
    main(Path(sys.argv[1]))
