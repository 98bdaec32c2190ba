"""Paths below /arcgis/rest become addresses."""

from __future__ import annotations

import pytest

from rendermap.errors import InvalidParameter, NotFound
from rendermap.frontends.arcgis.address import Address, Resource, parse_address

JOB = "j" + "0a" * 16


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("", Address(Resource.CATALOGUE)),
        ("services/", Address(Resource.CATALOGUE)),
        ("services/Folder", Address(Resource.CATALOGUE, "Folder")),
        ("info", Address(Resource.INFO)),
        ("services/S/MapServer", Address(Resource.MAP, "S")),
        ("services/F/S/mapserver/", Address(Resource.MAP, "F/S")),
        (f"services/F/S/MapServer/jobs/{JOB}", Address(Resource.MAP, "F/S", JOB)),
        (f"services/F/S/MapServer/jobs/{JOB}/EXPORT/", Address(Resource.EXPORT, "F/S", JOB)),
        (f"services/F/S/MapServer/jobs/{JOB}/12", Address(Resource.LAYER, "F/S", JOB, layer=12)),
        (f"services/F/S/MapServer/jobs/{JOB}/12/images/ab", Address(Resource.SWATCH, "F/S", JOB, layer=12, item="ab")),
        (f"services/F/S/MapServer/jobs/{JOB}/12/query", Address(Resource.QUERY, "F/S", JOB, layer=12)),
        (f"services/F/S/MapServer/jobs/{JOB}/find", Address(Resource.FIND, "F/S", JOB)),
        (f"services/F/S/MapServer/jobs/{JOB}/identify", Address(Resource.IDENTIFY, "F/S", JOB)),
        (f"services/F/S/jobs/{JOB}/MapServer/layers", Address(Resource.LAYERS, "F/S", JOB)),
        (f"services/F/S_{JOB}/MapServer/legend", Address(Resource.LEGEND, "F/S", JOB)),
        ("services/F/S/GPServer", Address(Resource.GP_SERVICE, "F/S")),
        ("services/S/gpserver/Flood Depth", Address(Resource.TASK, "S", task="Flood Depth")),
        ("services/S/GPServer/T/submitJob", Address(Resource.SUBMIT, "S", task="T")),
        ("services/S/GPServer/T/EXECUTE/", Address(Resource.EXECUTE, "S", task="T")),
        (f"services/S/GPServer/T/jobs/{JOB}", Address(Resource.JOB, "S", JOB, "T")),
        (f"services/S/GPServer/T/jobs/{JOB}/cancel", Address(Resource.CANCEL, "S", JOB, "T")),
        (f"services/S/GPServer/T/jobs/{JOB}/results/Out", Address(Resource.RESULT, "S", JOB, "T", item="Out")),
        (f"services/S/GPServer/T/jobs/{JOB}/inputs/In", Address(Resource.INPUT, "S", JOB, "T", item="In")),
        ("directories/arcgisoutput/F/S_MapServer/map_x.png", Address(Resource.OUTPUT_FILE, "F/S_MapServer", item="map_x.png")),
    ],
)
def test_addresses(path: str, address: Address) -> None:
    """Folders, case, slashes at the end, both aliases."""
    assert parse_address(path) == address


@pytest.mark.parametrize(
    "path",
    [
        "admin",
        "services/S/MapServer/bogus",
        "services/S/MapServer/jobs",
        "services/S/GPServer/T/jobs",
        f"services/S/GPServer/T/jobs/{JOB}/scratch/a.tif",
        f"directories/arcgisjobs/s_gpserver/{JOB}/scratch/depth.tif",
        "x" * 20_000,
    ],
)
def test_what_is_not_there(path: str) -> None:
    """The files of a job are among what no address leads to."""
    with pytest.raises(NotFound):
        parse_address(path)


@pytest.mark.parametrize("job_id", ["..", ".", "a\\b", "x" * 129, "j\x00", " j", "j."])
def test_impossible_job_ids(job_id: str) -> None:
    """Ids no folder could have, or that would lead out of one, end here."""
    with pytest.raises(InvalidParameter):
        parse_address(f"services/S/MapServer/jobs/{job_id}")
