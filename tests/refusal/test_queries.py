"""Fields that may not be told are in no answer and answer to no question; rounded numbers are all that can be learnt."""

from __future__ import annotations

import json

import pytest

from tests.builders.asked_service import SOUTH, WEST, AskedService, toml

LISTED = 'fields = ["name", "depth"]\nround = 0'
SHEETS = {
    "Demo": toml(layer=LISTED),
    "Asked": toml("identify", layer=LISTED),
    "Owned": toml() + '[tasks.parameters.layer.who]\ndata = ["user:anna"]\n',
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AskedService:
    return AskedService(tmp_path_factory.mktemp("refused"), SHEETS)


SUM = '[{"statisticType":"max","onStatisticField":"{0}","outStatisticFieldName":"m"}]'
SQL = (
    "1=1; DROP TABLE Parcels",
    "1=1 UNION SELECT * FROM x",
    "1=1 -- x",
    "EXISTS (SELECT 1)",
    "load_extension('x') = 1",
    "fid IN (SELECT fid FROM Parcels)",
)
ORACLES: list[dict[str, object]] = [
    {"where": "{0} = 's1'"},
    {"where": "{0} IS NULL"},
    {"where": "UPPER({0}) LIKE 'S%'"},
    {"where": "1=1 OR CASE WHEN {0} = 's1' THEN 1 ELSE 0 END = 1"},
    {"where": '"{0}" = \'s1\''},
    {"where": "[{0}] = 's1'"},
    {"where": "Parcels.{0} = 's1'"},
    {"where": "1=1", "outFields": "{0}"},
    {"where": "1=1", "outFields": "name,{0}"},
    {"where": "1=1", "orderByFields": "{0}"},
    {"where": "1=1", "orderByFields": "{0} DESC", "returnIdsOnly": "true"},
    {"where": "1=1", "returnDistinctValues": "true", "outFields": "{0}"},
    {"where": "1=1", "outStatistics": SUM},
    {"where": "1=1", "groupByFieldsForStatistics": "{0}", "outStatistics": SUM.replace("{0}", "depth")},
    {"where": "{0} = 's1'", "returnCountOnly": "true"},
]  # fmt: skip


@pytest.mark.parametrize("asked", ORACLES, ids=[str(number) for number in range(len(ORACLES))])
def test_a_field_that_may_not_be_told_is_as_one_that_is_not_there(asked: dict[str, object], service: AskedService) -> None:
    """Both are refused in the very same words before anything is looked up, so not even its existence can be learnt."""
    before = len(service.finder.plans)

    def answer(name: str) -> str:
        return json.dumps(
            service.query(**{key: str(value).replace("{0}", name).replace("{{", "{").replace("}}", "}") for key, value in asked.items()})
        )

    hidden = answer("secret")
    assert json.loads(hidden)["error"]["code"] == 400 and "secret" not in hidden
    assert hidden == answer("nobody") and len(service.finder.plans) == before


def test_no_answer_names_what_may_not_be_told(service: AskedService) -> None:
    """Not with all fields, as text, as GeoJSON, by finding, in results or documents, nor on a page."""
    everything = {"where": "1=1", "outFields": "*"}
    told = [service.get(f"{service.map_url()}/0/query", f=form, **everything).text for form in ("json", "pjson", "geojson", "html")]
    told += [
        service.get(f"{service.map_url()}{path}", f=form).text for path in ("", "/0", "/layers", "/0/query") for form in ("json", "html")
    ]
    told += [service.get(service.result_url(), f=form).text for form in ("json", "html")]
    told += [service.get(f"{service.map_url()}/find", f="json", searchText=text, layers="0").text for text in ("s", "s1", "secret")]
    told += [service.get(f"{service.map_url()}/find", f="json", searchText="s", searchFields="secret", layers="0").text]
    for text in told:
        assert "secret" not in text and "s1" not in text, text[:500]
    assert "Abel" in told[0] and "Abel" in told[2]


def test_rounded_numbers_cannot_be_bisected(service: AskedService) -> None:
    """Berta's 2.54 is 3 in every answer and to every question, also to sums and order."""
    for where, count in (("depth = 3", 1), ("depth > 2.5 AND depth < 2.6", 0), ("depth > 2.99 AND depth < 3.01", 1)):
        assert service.query(where=where, returnCountOnly="true") == {"count": count}
    top = service.query(where="name = 'Berta'", outStatistics=SUM.replace("{0}", "depth"))
    assert top["features"][0]["attributes"] == {"m": 3.0}
    assert service.get(f"{service.map_url()}/find", f="json", searchText="2.5", layers="0").json()["results"] == []


def test_a_layer_that_may_be_asked_about_hands_out_nothing(service: AskedService) -> None:
    """Identify is one place at a time: queries, finds and results are refused, whatever fields it lists."""
    for path, asked in (("0/query", {"where": "1=1"}), ("find", {"searchText": "a", "layers": "0"}), ("0/query", {"objectIds": "1"})):
        assert service.get(f"{service.map_url('Asked')}/{path}", f="json", **asked).json()["error"]["code"] == 400
    assert service.get(service.result_url("Asked"), f="json").json()["value"]["features"] == []


def test_who_may_not_have_data_is_told_so_by_the_capabilities(service: AskedService) -> None:
    """A layer at data for one person is one to look at and ask about for all others."""
    layer = service.get(f"{service.map_url('Owned')}/0", f="json").json()
    assert layer["capabilities"] == "Map,Query" and layer["maxRecordCount"] == 0
    assert service.query("Owned", where="1=1")["error"]["code"] == 400
    assert service.get(service.result_url("Owned"), f="json").json()["value"]["features"] == []


def test_conditions_are_never_passed_on_as_text(service: AskedService) -> None:
    """SQL beyond the subset is refused, however it is spelled."""
    for where in (
        "1=1; DROP TABLE Parcels",
        "1=1 UNION SELECT * FROM x",
        "1=1 -- x",
        "EXISTS (SELECT 1)",
        "load_extension('x') = 1",
        "fid IN (SELECT fid FROM Parcels)",
    ):
        assert service.query(where=where)["error"]["code"] == 400, where
    box = f"{WEST},{SOUTH},{WEST + 500},{SOUTH + 50}"
    assert service.query(geometry=box, returnCountOnly="true") == {"count": 5}


FRAME = {"bbox": f"{WEST},{SOUTH},{WEST + 500},{SOUTH + 500}", "size": "50,50", "f": "image"}


@pytest.mark.parametrize("name", ["Demo", "Asked"])
def test_pictures_are_filtered_by_what_may_be_told_alone(name: str, service: AskedService) -> None:
    """Blank or not would tell values: a hidden field is refused as one that is not there, and so is one that is told rounded."""

    def answers(where: str) -> list[str]:
        source = {"type": "mapLayer", "mapLayerId": 0}
        composed = json.dumps([{"id": 9, "source": source, "definitionExpression": where}])
        asked: tuple[dict[str, str], ...] = ({"layerDefs": json.dumps({"0": where})}, {"dynamicLayers": composed})
        return [service.get(f"{service.map_url(name)}/export", **FRAME, **each).text[:300] for each in asked]

    refused = answers("nobody = 's1'")
    assert all("error" in answer for answer in refused)
    assert answers("secret = 's1'") == answers("depth > 2.5") == refused
    assert not any("error" in answer for answer in answers("name = 'Berta'"))
