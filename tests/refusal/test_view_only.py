"""Results can be looked at: nothing hands out data, field names or paths, and a job belongs to its own service alone."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import httpx
import pytest

from rendermap.jobs import manifest
from rendermap.jobs.manifest import Run
from tests.builders.counted_service import FIELD, CountedService, geojson
from tests.builders.styles import feature_layer, fill, rgb, style_file, symbol, unique

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "DEM"
type = "GPString"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[[tasks.parameters]]
name = "Slope"
type = "GPRasterData"
direction = "output"
[[tasks.parameters]]
name = "Report"
type = "GPDataFile"
direction = "output"
[[tasks.parameters]]
name = "Note"
type = "GPString"
direction = "output"
"""
SECRET = "/srv/secret place/gis"
MAP = "/arcgis/rest/services/Demo/MapServer"
GP = "/arcgis/rest/services/Demo/GPServer/Run"


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    return CountedService(tmp_path, {"Demo": SERVICE, "Other": SERVICE})


def say_paths(run: Run) -> None:
    """What a careless tool writes."""
    run.path("Parcels.geojson").write_text(geojson())
    run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    run.value("Slope", f"{SECRET}/slope.tif")
    run.value("Report", {"url": f"file://{SECRET}/report.pdf"})
    run.value("Note", f"Dataset:{SECRET}/note.txt")
    run.message(f"read {SECRET}/dem.tif")
    run.message(r"wrote \\server\secret\x.gdb", kind="warning")


@pytest.fixture
def job_id(service: CountedService) -> str:
    with manifest.start(service.jobs, service="Demo", task="RUN", inputs={"DEM": f"{SECRET}/dem.tif"}) as run:
        say_paths(run)
    return run.job_id


@pytest.fixture
def failed_id(service: CountedService) -> str:
    with (
        pytest.raises(RuntimeError),
        manifest.start(service.jobs, service="Demo", task="Run", inputs={"DEM": f"{SECRET}/dem.tif"}) as run,
    ):
        say_paths(run)
        raise RuntimeError(f"cannot open {SECRET}/dem.tif")
    return run.job_id


def code_of(answer: dict[str, object]) -> tuple[int, str]:
    error = answer["error"]
    return error["code"], error["message"]  # type: ignore[index]


OPERATIONS = ("identify", "find", "0/query", "query", "0/queryRelatedRecords", "0/generateRenderer", "exportTiles", "generateKml", "0/0")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whatever_hands_out_data_is_refused(service: CountedService, job_id: str, operation: str, method: str) -> None:
    """Identify, find and query answer an error in every spelling, on the job, its alias and the template, and draw nothing."""
    given = {"f": "json", "where": "1=1", "geometry": "0,0", "searchText": "a", "returnGeometry": "true"}
    heads = (f"{MAP}/jobs/{job_id}", f"/arcgis/rest/services/Demo/jobs/{job_id}/MapServer", MAP)
    for head, spelt in product(heads, (operation, operation.upper(), f"{operation}/")):
        answer = service.ask(method, f"{head}/{spelt}", **({"params": given} if method == "GET" else {"data": given}))
        assert "error" in answer.json() or answer.status_code == 404, (head, spelt, answer.text[:200])
        assert FIELD not in answer.text
    assert not service.counter.drawn


@pytest.mark.parametrize("defs", ['{"0":"1=1"}', "0:1=1", f'{{"0":"{FIELD} = 1"}}', '[{"layerId":0,"where":"1=1"}]'])
def test_filters_are_no_oracle(service: CountedService, job_id: str, defs: str) -> None:
    """A view-only layer takes no filter: blank or not would tell values."""
    frame = {"bbox": "700000,4000000,706000,4006000", "size": "100,100", "layerDefs": defs, "f": "image"}
    answer = service.get(f"{MAP}/jobs/{job_id}/export", **frame)
    assert code_of(answer.json())[0] == 400
    assert not service.counter.drawn


def documents(job_id: str) -> list[str]:
    """Every address that tells something about a job."""
    arcgis = [f"{MAP}/jobs/{job_id}{rest}" for rest in ("", "/layers", "/0", "/1", "/legend", "/export?bbox=0,0,1,1", "/7")]
    results = [f"{GP}/jobs/{job_id}/results/{name}" for name in ("Parcels", "Slope", "Report", "Note", "None")]
    gp = [GP, f"{GP}/jobs/{job_id}", f"{GP}/jobs/{job_id}/inputs/DEM", f"{GP}/jobs/{job_id}/inputs/None", *results]
    said = [f"{path}{'&' if '?' in path else '?'}f={form}" for path in (*arcgis, *gp) for form in ("json", "html")]
    pages = [f"/jobs/Demo/{job_id}", f"/viewer/api/jobs/Demo/{job_id}", "/", "/Demo", f"/thumbnails/Demo/jobs/{job_id}.png"]
    tiles = [f"/xyz/Demo/jobs/{job_id}/{name}" for name in ("tilejson.json", "legend.png", "tiles/0/0/0.png", "tiles/9/0/0.png")]
    return [*said, *pages, *tiles, "/arcgis/rest/services?f=json", "/openapi.json"]


@pytest.mark.parametrize("which", ["job_id", "failed_id"])
def test_no_answer_about_a_job_names_a_path_or_a_field(service: CountedService, which: str, request: pytest.FixtureRequest) -> None:
    """Messages, inputs, values and faults of a careless tool, in every document and on every page, errors included."""
    job_id = request.getfixturevalue(which)
    for address in documents(job_id):
        told = service.get(address).text
        for word in ("secret", "/srv", str(service.jobs), "scratchworkspace", FIELD):
            assert word not in told, (address, word, told[max(0, told.find(word) - 200) :][:400])


def test_a_failed_job_says_why_in_every_protocol(service: CountedService, failed_id: str) -> None:
    """The tool's own words, without its paths, stand in each dialect's error."""
    esri = service.get(f"{MAP}/jobs/{failed_id}", f="json").json()["error"]
    tiles = service.get(f"/xyz/Demo/jobs/{failed_id}/tilejson.json")
    assert tiles.status_code == 409 and "cannot open [path]" in tiles.text
    assert any("cannot open [path]" in detail for detail in (esri["message"], *esri["details"]))


def test_a_job_is_unknown_to_every_other_service(service: CountedService, job_id: str) -> None:
    """Another service's job looks like one that never was: the answers differ in nothing."""
    never = "j" + "0" * 32
    paths = (
        "/arcgis/rest/services/{0}/MapServer/jobs/{1}",
        "/arcgis/rest/services/{0}/MapServer/jobs/{1}/export?bbox=0,0,1,1&",
        "/arcgis/rest/services/{0}/GPServer/Run/jobs/{1}",
        "/arcgis/rest/services/{0}/GPServer/Run/jobs/{1}/results/Parcels",
        "/xyz/{0}/jobs/{1}/tilejson.json",
        "/xyz/{0}/jobs/{1}/tiles/0/0/0.png",
        "/jobs/{0}/{1}",
        "/thumbnails/{0}/jobs/{1}.png",
    )
    for path in paths:
        theirs = service.get(path.format("Other", job_id) + "?f=json")
        nobodys = service.get(path.format("Other", never) + "?f=json")
        assert theirs.status_code == nobodys.status_code
        assert theirs.text.replace(job_id, never) == nobodys.text, path
    assert not service.counter.drawn


# --- how a layer is drawn ------------------------------------------------------------------------------------------------

LEVELS = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Seen"
type = "GPFeatureRecordSetLayer"
direction = "output"
[[tasks.parameters]]
name = "Asked"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "identify"
fields = ["owner_of_parcel"]
style = "asked.lyrx"
[[tasks.parameters]]
name = "Short"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "identify"
style = "asked.lyrx"
[[tasks.parameters]]
name = "Hidden"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "view"
style = "asked.lyrx"
"""


@pytest.fixture
def levels(tmp_path: Path) -> tuple[CountedService, str]:
    """A service with the same symbology on a layer that may be seen and on one that may be asked about, and its job."""
    service = CountedService(tmp_path, {"Demo": LEVELS})
    red, blue = (symbol("Polygon", fill(rgb(*color))) for color in ((255, 0, 0), (0, 0, 255)))
    label = {"expression": f"$feature.{FIELD}", "expressionEngine": "Arcade", "visibility": True}
    renderer = unique([FIELD], [(["Ms Smith"], red)], useDefaultSymbol=True, defaultSymbol=blue, defaultLabel="others")
    layer = feature_layer(renderer, transparency=30, labelClasses=[label], labelVisibility=True)
    style_file(tmp_path / "services" / "Demo" / "asked.lyrx", layer)
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        for name in ("Seen", "Asked", "Short", "Hidden"):
            run.path(f"{name}.geojson").write_text(geojson())
            run.output(name, f"{name}.geojson")
    return service, run.job_id


def test_symbology_is_told_of_layers_that_may_be_asked_about(levels: tuple[CountedService, str]) -> None:
    """It carries its drawingInfo, which clients take for sublayers; the same style tells nothing where no field is told."""
    service, job_id = levels
    listed = service.get(f"{MAP}/jobs/{job_id}/layers", f="json").json()["layers"]
    seen, asked, short, hidden = (next(layer for layer in listed if layer["name"] == name) for name in ("Seen", "Asked", "Short", "Hidden"))
    for layer in (seen, asked, short, hidden):
        assert service.get(f"{MAP}/jobs/{job_id}/{layer['id']}", f="json").json() == layer
    info = asked["drawingInfo"]
    assert (info["renderer"]["type"], info["renderer"]["field1"], info["transparency"]) == ("uniqueValue", FIELD, 30)
    assert info["renderer"]["uniqueValueInfos"][0]["value"] == "Ms Smith"
    assert info["renderer"]["uniqueValueInfos"][0]["symbol"]["color"] == [255, 0, 0, 255]
    assert info["renderer"]["defaultSymbol"]["color"] == [0, 0, 255, 255]
    assert info["labelingInfo"][0]["labelExpression"] == f"[{FIELD}]" and asked["hasLabels"] is True
    assert short["drawingInfo"] == {"transparency": 30, "labelingInfo": None}
    for layer in (seen, short, hidden):
        assert (layer["drawingInfo"] is None or layer is short) and layer["hasLabels"] is False and layer["fields"] == []
        for form in ("json", "html"):
            told = service.get(f"{MAP}/jobs/{job_id}/{layer['id']}", f=form).text
            assert FIELD not in told and "Smith" not in told


def test_a_style_for_ogc_clients_is_told_of_the_same_layers(levels: tuple[CountedService, str]) -> None:
    """SLD for the layer that may be asked about; one that may only be seen is answered as one that is not there."""
    service, job_id = levels
    listed = service.get(f"{MAP}/jobs/{job_id}/layers", f="json").json()["layers"]
    ids = {layer["name"]: layer["id"] for layer in listed}

    def answer(layer: object) -> httpx.Response:
        return service.get(f"/xyz/Demo/jobs/{job_id}/layers/{layer}/style.sld")

    told = answer(ids["Asked"])
    assert told.status_code == 200 and told.headers["content-type"].startswith("application/vnd.ogc.sld+xml")
    assert FIELD in told.text and "#ff0000" in told.text.lower()
    refused = [answer(layer) for layer in (ids["Seen"], ids["Short"], 99, ids["Hidden"], "x")]
    assert {(r.status_code, r.text) for r in refused} == {(404, refused[2].text)} and "Smith" not in refused[0].text


def test_the_template_tells_no_symbology(levels: tuple[CountedService, str]) -> None:
    """Without a job there is nothing to ask about, but how transparent the layers are that may be asked about."""
    service, _ = levels
    listed = {layer["name"]: layer["drawingInfo"] for layer in service.get(f"{MAP}/layers", f="json").json()["layers"]}
    faint = {"transparency": 30, "labelingInfo": None}
    assert listed == {"Seen": None, "Asked": faint, "Short": faint, "Hidden": None}


def test_layers_are_open_to_change_where_they_may_be_asked_about(levels: tuple[CountedService, str]) -> None:
    """The template says the same as the job, for @arcgis/core asks there and locks what it hears of no other."""
    service, job_id = levels
    for path in (MAP, f"{MAP}/jobs/{job_id}"):
        told = {layer["name"]: layer["canModifyLayer"] for layer in service.get(f"{path}/layers", f="json").json()["layers"]}
        assert told == {"Seen": False, "Asked": True, "Short": True, "Hidden": False}


def test_a_legend_leaves_to_clients_the_transparency_that_they_know(levels: tuple[CountedService, str]) -> None:
    """@arcgis/core lays on a swatch what drawingInfo says, or the application itself; of other layers the swatch is all that tells it."""
    service, job_id = levels
    job = f"{MAP}/jobs/{job_id}"
    ids = {layer["name"]: layer["id"] for layer in service.get(f"{job}/layers", f="json").json()["layers"]}

    def opacities(path: str, **query: str) -> dict[str, float]:
        service.get(f"{path}/legend", f="json", **query)
        return {f"{layer.name}{layer.id if query else ''}": layer.style.opacity for layer in service.counter.legends[-1].layers}

    composed = [
        {"id": 10, "source": {"type": "mapLayer", "mapLayerId": ids["Asked"]}},
        {"id": 11, "source": {"type": "MAPLAYER", "mapLayerId": ids["Hidden"]}, "drawingInfo": {"transparency": 50}},
        {"id": 12, "source": {"type": "mapLayer", "mapLayerId": ids["Hidden"]}, "drawingInfo": {"showLabels": False}},
    ]
    assert opacities(MAP) == {"Asked": 1.0, "Short": 1.0, "Hidden": 0.7}
    assert opacities(job) == {"Seen": 1.0, "Asked": 1.0, "Short": 1.0, "Hidden": 0.7}
    assert opacities(job, dynamicLayers=json.dumps(composed)) == {"Asked10": 1.0, "Hidden11": 1.0, "Hidden12": 0.7}
