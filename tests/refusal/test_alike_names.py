"""A field that may not be told, or not exactly, is not asked by a name that it shares with one that may, but for a table or for case."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import shapely

from rendermap.jobs import manifest
from tests.builders.asked_service import CRS, SOUTH, WEST, AskedService
from tests.builders.vectors import write_features

COLUMNS: dict[str, list[Any]] = {
    "owner": ["Secret1", "Secret2"],
    "p.owner": ["pub1", "pub2"],
    "p.num": [31, 21],
    "num": [1, 2],
    "Kind": ["told1", "told2"],
    "kind": ["kept1", "kept2"],
}
LAYER = 'fields = ["p.owner", "p.num", "num", "Kind"]\nround = {num = -2}'
BOX = {"mapExtent": f"{WEST},{SOUTH},{WEST + 200},{SOUTH + 100}", "imageDisplay": "200,100,96", "tolerance": "0", "returnGeometry": "false"}


class Owners(AskedService):
    """Two squares, whose owner, exact number and case may not be told."""

    def _run(self, name: str) -> str:
        squares: list[shapely.Geometry] = [shapely.box(WEST + n * 100, SOUTH, WEST + n * 100 + 100, SOUTH + 100) for n in range(2)]
        with manifest.start(self.jobs, service=name, task="Run") as run:
            path = run.path("Sites.fgb")
            write_features(path.parent, squares, COLUMNS, crs=CRS, name="Sites")
            run.output("Sites", "Sites.fgb")
        return run.job_id


@pytest.fixture(scope="module", params=["identify", "data"])
def owners(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Owners:
    toml = (
        f'title = "Sites"\ncrs = "{CRS}"\n[[tasks]]\nname = "Run"\n[[tasks.parameters]]\nname = "Sites"\n'
        f'type = "GPFeatureRecordSetLayer"\ndirection = "output"\n[tasks.parameters.layer]\naccess = "{request.param}"\n{LAYER}'
    )
    return Owners(tmp_path_factory.mktemp("owners"), {"Demo": toml})


def identified(owners: Owners, where: str) -> dict[str, Any]:
    place = {"geometry": f"{WEST + 150},{SOUTH + 50}", "geometryType": "esriGeometryPoint", "layers": "all:0"}
    url = f"{owners.map_url()}/identify"
    return cast(dict[str, Any], owners.get(url, f="json", **place, **BOX, layerDefs=json.dumps({"0": where})).json())


@pytest.mark.parametrize(
    "where", ["owner LIKE 'S%'", "OWNER = 'Secret2'", "UPPER(t.owner) = 'SECRET2'", "num = 2", "x.num > 1", "kind = 'kept2'"]
)
def test_hidden_fields_are_not_asked(owners: Owners, where: str) -> None:
    """Neither by identify nor by pictures nor by queries, whatever other field the name may mean."""
    assert identified(owners, where)["error"]["code"] == 400
    picture = {"bbox": BOX["mapExtent"], "size": "20,10", "layerDefs": json.dumps({"0": where}), "f": "json"}
    assert owners.get(f"{owners.map_url()}/export", **picture).json()["error"]["code"] == 400
    if "num" not in where:  # queries ask for the rounded number
        assert "error" in owners.query(where=where)


@pytest.mark.parametrize(
    ("where", "count"),
    [("p.owner = 'pub2'", 1), ("P.Owner = 'pub1'", 0), ("p.num = 21", 1), ("Kind = 'told2'", 1)],
)
def test_told_fields_are(owners: Owners, where: str, count: int) -> None:
    """The very ones, however much others look like them."""
    assert len(identified(owners, where)["results"]) == count


def test_hidden_fields_draw_nothing(owners: Owners) -> None:
    """Renderers and labels that name them are refused as those of fields that are not there."""

    def drawn(info: dict[str, Any]) -> Any:
        layer = {"id": 0, "source": {"type": "mapLayer", "mapLayerId": 0}, "drawingInfo": info}
        asked = {"bbox": BOX["mapExtent"], "size": "20,10", "dynamicLayers": json.dumps([layer]), "f": "json"}
        return owners.get(f"{owners.map_url()}/export", **asked).json()

    symbol = {"type": "esriSFS", "style": "esriSFSSolid", "color": [0, 0, 0, 255]}
    text = {"type": "esriTS", "color": [0, 0, 0, 255], "font": {"size": 8}}
    for field, is_refused in (("p.owner", False), ("owner", True), ("OWNER", True), ("kind", True), ("Kind", False)):
        unique = {"type": "uniqueValue", "field1": field, "uniqueValueInfos": [{"value": "a", "symbol": symbol}]}
        assert ("error" in drawn({"renderer": unique})) is is_refused, field
        label = {"labelExpression": f"[{field}]", "symbol": text, "where": f"\"{field}\" = 'a'"}
        assert ("error" in drawn({"labelingInfo": [label]})) is is_refused, field
