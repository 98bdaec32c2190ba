"""Outputs that are tables: their rows, as far as the author of the service lets them be told."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyogrio.raw
import pytest

from rendermap.jobs import manifest
from rendermap.settings import Settings
from tests.builders.whole_service import served

HEAD = 'title = "Tables"\nmaximum_records = 4\nover_limit = "{over_limit}"\n[[tasks]]\nname = "Count"\n'
OUTPUT = '[[tasks.parameters]]\nname = "{name}"\ntype = "GPRecordSet"\ndirection = "output"\n{table}\n'
TABLES = {
    "Plain": '[tasks.parameters.table]\naccess = "data"',
    "Some": '[tasks.parameters.table]\naccess = "data"\nfields = ["Depth", "kind"]\nround = 1',
    "Many": '[tasks.parameters.table]\naccess = "data"',
    "Gone": '[tasks.parameters.table]\naccess = "data"',
    "Lone": '[tasks.parameters.table]\naccess = "data"',
    "Inside": '[tasks.parameters.table]\naccess = "data"',
    "Known": '[tasks.parameters.table]\naccess = "identify"\nfields = ["depth"]',
    "Seen": "",
}
ROWS = "kind,depth,secret\nwell,1.26,a\nspring,,b\npond,3,c\n"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of the job's results, by service."""
    folder = tmp_path_factory.mktemp("tables")
    for over_limit in ("empty", "truncate"):
        described = folder / "services" / over_limit
        described.mkdir(parents=True)
        text = HEAD.format(over_limit=over_limit) + "".join(OUTPUT.format(name=name, table=table) for name, table in TABLES.items())
        (described / "service.toml").write_text(text, encoding="utf-8")
    ids = {service: _finished(folder / "jobs", service) for service in ("empty", "truncate")}
    _copy_datasets(folder / "jobs" / "empty_gpserver", ids["empty"], UNDOCUMENTED)
    with served(Settings(jobs=(folder / "jobs",), services=folder / "services", workers=1)) as url:
        yield {name: f"{url}/arcgis/rest/services/{name}/GPServer/Count/jobs/{job_id}/results" for name, job_id in ids.items()}


def _finished(jobs: Path, service: str) -> str:
    with manifest.start(jobs, service=service, task="Count") as run:
        for name in ("Plain", "Known", "Seen"):
            run.path(f"{name}.csv").write_text(ROWS, encoding="utf-8")
            run.output(name, run.path(f"{name}.csv"))
        run.path("Many.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(5)), encoding="utf-8")
        run.output("Many", run.path("Many.csv"))
        data = [np.array(["well", "pond"], object), np.array([1.26, 3.0]), np.array(["a", "b"], object)]
        path = run.path("kept.gpkg")
        pyogrio.raw.write(str(path), None, data, ["kind", "depth", "secret"], layer="Counted", driver="GPKG", geometry_type=None)
        run.output("Some", f"{path}/counted")
        _write_rows(run.path("lone.dbf"), "ESRI Shapefile", encoding="cp1252")
        run.path("lone.cpg").unlink()
        run.output("Lone", run.path("lone.dbf"))
        _write_rows(
            run.path("scratch.gdb"), "OpenFileGDB", layer="Inside", layer_options={"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}
        )
        run.output("Inside", "%scratchworkspace%/scratch.gdb/Inside")
        run.path("Gone.csv").write_bytes(b"\0\0")
        run.output("Gone", run.path("Gone.csv"))
        return run.job_id


def _write_rows(path: Path, driver: str, **options: Any) -> None:
    days = np.array(["2024-01-02", "NaT"], "datetime64[D]")
    data = [np.array(["Brücke", "pond"], object), np.array([1.26, 3.0]), days]
    pyogrio.raw.write(str(path), None, data, ["kind", "depth", "day"], driver=driver, geometry_type=None, **options)


def _copy_datasets(jobs: Path, job_id: str, other: str) -> None:
    """A job of the same datasets and no document, finished long ago."""
    shutil.copytree(jobs / job_id / "scratch", jobs / other / "scratch")
    for path in (jobs / other).rglob("*"):
        os.utime(path, (1.7e9, 1.7e9))


def value_of(tables: dict[str, str], name: str, service: str = "empty") -> Any:
    """The value of a result, as a client gets it."""
    document = httpx.get(f"{tables[service]}/{name}", params={"f": "json"}, timeout=60).json()
    return document.get("value", document)


def test_rows_of_a_table_are_told(tables: dict[str, str]) -> None:
    """All fields of a table whose author hands it out, with their types, and nothing that says where."""
    value = value_of(tables, "Plain")
    assert {field["name"]: field["type"] for field in value["fields"]} == {
        "OBJECTID": "esriFieldTypeOID", "kind": "esriFieldTypeString", "depth": "esriFieldTypeDouble", "secret": "esriFieldTypeString",
    }  # fmt: skip
    assert [row["attributes"]["kind"] for row in value["features"]] == ["well", "spring", "pond"]
    assert [row["attributes"]["depth"] for row in value["features"]] == [1.26, None, 3.0]
    assert "geometryType" not in value and "exceededTransferLimit" not in value and all("geometry" not in row for row in value["features"])


def test_fields_and_numbers_as_far_as_they_may_be_told(tables: dict[str, str]) -> None:
    """A table of a container, found whatever its letters' case: the listed fields alone, and numbers rounded."""
    value = value_of(tables, "Some")
    assert [row["attributes"] for row in value["features"]] == [
        {"OBJECTID": 1, "depth": 1.3, "kind": "well"},
        {"OBJECTID": 2, "depth": 3.0, "kind": "pond"},
    ]


UNDOCUMENTED = "j" + 32 * "a"


@pytest.mark.parametrize("job_id", [None, UNDOCUMENTED], ids=["documented", "undocumented"])
@pytest.mark.parametrize(("name", "first"), [("Lone", 0), ("Inside", 1)])
def test_rows_of_what_geoprocessing_writes(tables: dict[str, str], name: str, first: int, job_id: str | None) -> None:
    """A dBASE file alone, in an encoding that it does not tell, and a table of a geodatabase; found by the parameter's name too."""
    results = tables["empty"] if job_id is None else re.sub(r"jobs/\w+/", f"jobs/{job_id}/", tables["empty"])
    value = value_of({"empty": results}, name)
    assert {field["name"]: field["type"] for field in value["fields"]} == {
        "OBJECTID": "esriFieldTypeOID", "kind": "esriFieldTypeString", "depth": "esriFieldTypeDouble", "day": "esriFieldTypeDate",
    }  # fmt: skip
    assert [row["attributes"] for row in value["features"]] == [
        {"OBJECTID": first, "kind": "Brücke", "depth": 1.26, "day": 1704153600000},
        {"OBJECTID": first + 1, "kind": "pond", "depth": 3.0, "day": None},
    ]


@pytest.mark.parametrize("name", ["Seen", "Known"])
def test_no_row_leaves_unless_it_is_allowed(tables: dict[str, str], name: str) -> None:
    """Nothing of what may only be seen, nor of what may be asked about: there is no place to ask at."""
    value = value_of(tables, name)
    assert (value["features"], value["fields"], value["exceededTransferLimit"]) == ([], [], True)


@pytest.mark.parametrize(("service", "count"), [("empty", 0), ("truncate", 4)])
def test_a_table_of_too_many_rows(tables: dict[str, str], service: str, count: int) -> None:
    """Is empty, or as much of it as one answer may hold, as the service says."""
    value = value_of(tables, "Many", service)
    assert len(value["features"]) == count and value["exceededTransferLimit"] is True


def test_a_table_that_cannot_be_read(tables: dict[str, str]) -> None:
    """Is an error in words that tell no place."""
    document = value_of(tables, "Gone")
    assert document["error"]["code"] == 500 and "/" not in str(document)
