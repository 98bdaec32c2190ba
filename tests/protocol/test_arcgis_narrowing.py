"""What narrows the answers of query and find: by time, by words that are not known here, by layers that may not be searched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
import pytest
import shapely

from rendermap.jobs import manifest
from tests.builders.asked_service import CRS, SOUTH, WEST, AskedService
from tests.builders.vectors import write_features

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"Site {day}" for day in range(5)]


def ms(day: float) -> int:
    return round((FIRST + timedelta(days=day)).timestamp() * 1000)


def _layers() -> str:
    levels = {"Sites": "data", "Wells": "view", "Pipes": "identify"}
    return f'title = "Sites"\ncrs = "{CRS}"\n[[tasks]]\nname = "Run"\n' + "\n".join(
        f'[[tasks.parameters]]\nname = "{name}"\ntype = "GPFeatureRecordSetLayer"\ndirection = "output"\n'
        f'[tasks.parameters.layer]\naccess = "{level}"\ntime_field = "since"'
        for name, level in levels.items()
    )


class Sites(AskedService):
    """Five sites, one more each day from the first of January 2026; the same as a layer that may only be seen."""

    def _run(self, name: str) -> str:
        squares: list[shapely.Geometry] = [shapely.box(WEST + n * 100, SOUTH, WEST + n * 100 + 50, SOUTH + 50) for n in range(5)]
        days = np.array([(FIRST + timedelta(days=n)).replace(tzinfo=None) for n in range(5)], "datetime64[ms]")
        with manifest.start(self.jobs, service=name, task="Run") as run:
            for layer in ("Sites", "Wells", "Pipes"):
                path = run.path(f"{layer}.gpkg")
                write_features(path.parent, squares, {"name": NAMES, "since": days}, driver="GPKG", crs=CRS, name=layer)  # type: ignore[dict-item]
                run.output(layer, f"{layer}.gpkg")
        return run.job_id


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return Sites(tmp_path_factory.mktemp("sites"), {"Demo": _layers()})


def names(answer: dict[str, Any]) -> list[Any]:
    assert "features" in answer, answer
    return [one["attributes"]["name"] for one in answer["features"]]


def drawn(sites: Sites, where: str, **asked: object) -> Any:
    """The answer to a picture of the sites that meet a condition."""
    box = f"{WEST},{SOUTH},{WEST + 500},{SOUTH + 100}"
    return sites.get(f"{sites.map_url()}/export", bbox=box, layers="show:0", layerDefs=json.dumps({"0": where}), **asked)


def find(sites: Sites, **asked: object) -> dict[str, Any]:
    return cast(dict[str, Any], sites.get(f"{sites.map_url()}/find", f="json", **asked).json())


def test_a_time_narrows_queries_as_it_does_pictures(sites: Sites) -> None:
    """Rows, counts, ids, statistics and finds tell of the features that a picture of that time shows."""
    time = f"{ms(1)},{ms(2.5)}"
    assert sites.query(where="1=1", time=time, returnCountOnly="true") == {"count": 2}
    assert sites.query(where="1=1", time=f"null,{ms(2)}", returnIdsOnly="true")["objectIds"] == [1, 2, 3]
    assert sites.query(where="1=1", time=ms(3), returnCountOnly="true") == {"count": 1}
    assert sites.query(where="name > 'Site 1'", time=time, outFields="name")["features"][0]["attributes"] == {"name": "Site 2"}
    statistics = '[{"statisticType": "count", "onStatisticField": "name", "outStatisticFieldName": "n"}]'
    assert sites.query(outStatistics=statistics, time=time)["features"][0]["attributes"] == {"n": 2}
    untimed = '{"0": {"useTime": false}}'
    assert sites.query(where="1=1", time=time, layerTimeOptions=untimed, returnCountOnly="true") == {"count": 5}
    assert [one["value"] for one in find(sites, layers="0", searchText="site", time=time)["results"]] == NAMES[1:3]
    assert sites.query(where="1=1", time="yesterday")["error"]["code"] == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"having": "count(OBJECTID) > 100"},
        {"fullText": '[{"searchTerm": "site"}]'},
        {"uniqueIds": "1,2"},
        {"returnUniqueIdsOnly": "true"},
        {"historicMoment": "1767225600000"},
        {"timeRelation": "esriTimeRelationAfter"},
    ],
)
def test_what_would_narrow_the_answer_and_is_not_done_is_refused(asked: dict[str, str], sites: Sites) -> None:
    """By name, whatever else is asked."""
    (name,) = asked
    error = sites.query(where="1=1", **asked)["error"]
    assert error["code"] == 400 and name in error["message"] + str(error["details"]), error


def test_what_asks_for_nothing_is_passed_over(sites: Sites) -> None:
    """As clients send it by default."""
    usual = {"returnUniqueIdsOnly": "false", "having": "", "sqlFormat": "none", "returnM": "false", "resultType": "none"}
    assert sites.query(where="1=1", returnCountOnly="true", timeRelation="esriTimeRelationOverlaps", **usual) == {"count": 5}
    cut = sites.query(where="1=1", resultRecordCount=2, returnExceededLimitFeatures="false")
    assert cut["features"] == [] and cut["exceededTransferLimit"] is True
    for method, asked in (("export", {"bbox": "0,0,1,1"}), ("identify", {"geometry": "0,0"}), ("find", {"searchText": "a", "layers": "0"})):
        answer = sites.get(f"{sites.map_url()}/{method}", f="json", clipping='{"geometryType": "esriGeometryPolygon"}', **asked).json()
        assert "clipping" in answer["error"]["message"], answer


def test_find_passes_over_what_may_not_be_searched(sites: Sites) -> None:
    """Applications list all layers; where none of them may be searched the operation is not supported."""
    assert [one["value"] for one in find(sites, layers="0,1,2,9", searchText="site 3")["results"]] == ["Site 3"]
    assert find(sites, layers="1,2", searchText="site")["error"]["code"] == 400
    assert find(sites, layers="9", searchText="site")["results"] == []


def test_find_tells_values_as_identify_does(sites: Sites) -> None:
    """Dates as people read them, in the attributes and where they are what was found; as they are where that is asked for."""
    (one,) = find(sites, layers="0", searchText="2026-01-03")["results"]
    assert (one["foundFieldName"], one["value"]) == ("since", "2026-01-03 00:00:00")
    assert one["attributes"]["since"] == "2026-01-03 00:00:00" and one["attributes"]["OBJECTID"] == "3"
    (plain,) = find(sites, layers="0", searchText="2026-01-03", returnUnformattedValues="true", returnFieldName="true")["results"]
    assert plain["attributes"] == {"OBJECTID": 3, "name": "Site 2", "since": ms(2)}
    assert find(sites, layers="0", searchText=str(ms(2)))["results"] == []
    place = sites.get(f"{sites.map_url()}/identify", f="json", geometry=f"{WEST + 225},{SOUTH + 25}", layers="all:0", tolerance=0).json()
    assert one["attributes"] in [each["attributes"] for each in place["results"]]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("name <> N'Site 1' AND name IN (N'Site 1', N'Site 2')", NAMES[2:3]),
        ("name LIKE 'S' || LOWER('ITE _')", NAMES),
        ("UPPER(name) LIKE UPPER('%site 3%')", NAMES[3:4]),
        ("since <= CURRENT_TIMESTAMP - INTERVAL '3' DAY", NAMES[:2]),
        ("since > CURRENT_DATE - 2 AND since <= CURRENT_DATE", NAMES[3:]),
        ("since > GETDATE() - 2", NAMES[3:]),
        ("name = 'CURRENT_DATE' OR since >= CURRENT_DATE", NAMES[4:]),
        ("Shape IS NOT NULL AND since < DATE '2026-01-03'", NAMES[:2]),
        ("SHAPE IS NULL", []),
    ],
)
def test_conditions_as_existing_applications_write_them(
    where: str, expected: list[str], sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unicode texts, functions of texts, the time of the request and shapes: in queries, at a place and in pictures."""
    monkeypatch.setattr("rendermap.frontends.arcgis.clock.datetime", At)
    assert names(sites.query(where=where, outFields="name")) == expected
    place = f"{WEST},{SOUTH},{WEST + 500},{SOUTH + 100}"
    asked = {"geometry": place, "geometryType": "esriGeometryEnvelope", "layers": "all:0", "layerDefs": json.dumps({"0": where})}
    found = sites.get(f"{sites.map_url()}/identify", f="json", **asked).json()
    assert [one["attributes"]["name"] for one in found["results"]] == expected, found
    assert [one["value"] for one in find(sites, layers="0", searchText="site", layerDefs=asked["layerDefs"])["results"]] == expected
    assert drawn(sites, where, f="image").headers["content-type"] == "image/png"


class At(datetime):
    """The fifth of January 2026, a second before noon in UTC."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime(2026, 1, 5, 11, 59, 59, tzinfo=tz)


def test_pictures_of_a_moment_are_not_kept(sites: Sites) -> None:
    """What asks for the time is asked again; an address that was given for it shows the moment it was given."""
    assert "max-age=0" in drawn(sites, "since < CURRENT_TIMESTAMP", f="image").headers["cache-control"]
    assert "max-age=0" not in drawn(sites, "since < TIMESTAMP '2026-01-02 00:00:00'", f="image").headers["cache-control"]
    href = drawn(sites, "since < CURRENT_TIMESTAMP", f="json").json()["href"]
    assert "immutable" in sites.get(href).headers["cache-control"]


@pytest.mark.parametrize("where", ["since > 1767312000000", "1 = since", "since > 'soon'", "since + 1 > DATE '2026-01-01'"])
def test_dates_are_compared_with_dates(where: str, sites: Sites) -> None:
    """The same error in queries, at a place and in pictures."""
    asked = {"geometry": f"{WEST},{SOUTH}", "layerDefs": json.dumps({"0": where})}
    answers = [
        sites.query(where=where),
        sites.get(f"{sites.map_url()}/identify", f="json", **asked).json(),
        drawn(sites, where, f="json").json(),
    ]
    assert [answer["error"]["code"] for answer in answers] == [400] * 3
    assert len({answer["error"]["message"] for answer in answers}) == 1, answers
