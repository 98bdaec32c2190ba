"""The geoprocessing side: catalogue, service, task, job, results and inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rendermap.frontends.arcgis.gp_documents import plain_value
from rendermap.reply import ResultCard
from rendermap.request import LayerChoice, LayerMode, MapRequest
from tests.builders.arcgis_app import BBOX, REST, ArcgisApp, G, S, T, pixels
from tests.builders.service_double import ENDED_JOB, FAILED_JOB, HAZARD_JOB, JOBS, RUNNING_JOB, ServiceDouble

JOB = f"{T}/jobs/{HAZARD_JOB}"


def test_catalogue() -> None:
    """Folders at the root, services by names that hold their folder."""
    app = ArcgisApp()
    root = app.json(f"{REST}/services")
    assert root["folders"] == ["Demo"] and root["services"] == [{"name": "Viewshed", "type": "GPServer"}]
    assert app.json(f"{REST}/services/demo")["services"] == [{"name": "Demo/Hazard", "type": "GPServer"}]
    assert app.json(f"{REST}/services/Nothing")["error"]["code"] == 404
    assert app.json(f"{REST}/info")["authInfo"] == {"isTokenBasedSecurity": False}


def test_service() -> None:
    """The name of the result map service is the service's own, and the key is there."""
    service = ArcgisApp().json(G)
    assert service["tasks"] == ["Hazard"] and service["executionType"] == "esriExecutionTypeAsynchronous"
    assert service["resultMapServerName"] == "Demo/Hazard" and service["capabilities"] == ""


def test_a_service_without_maps_names_none() -> None:
    """Clients fetch as data what has no map."""
    double = ServiceDouble()
    card = double.services_published[1]
    bare = replace(card, tasks=(replace(card.tasks[0], parameters=()),))
    double.services_published = (bare,)
    assert ArcgisApp(double).json(f"{REST}/services/Viewshed/GPServer")["resultMapServerName"] == ""


def test_task() -> None:
    """Each parameter has every key the Python client reads, defaultValue among them."""
    task = ArcgisApp().json(T)
    assert task["executionType"] == "esriExecutionTypeAsynchronous" and task["displayName"] == "Rate terrain hazard"
    parameters = {parameter["name"]: parameter for parameter in task["parameters"]}
    keys = {"name", "dataType", "displayName", "description", "direction", "defaultValue", "parameterType", "category"}
    assert all(keys <= set(parameter) for parameter in parameters.values())
    assert parameters["Slope_weight"]["direction"] == "esriGPParameterDirectionInput"
    assert parameters["Hazard"]["parameterType"] == "esriGPParameterTypeDerived"


@pytest.mark.parametrize("verb", ["submitJob", "execute"])
def test_jobs_are_run_elsewhere(verb: str) -> None:
    """The refusal is clear and says where to go."""
    error = ArcgisApp().json(f"{T}/{verb}", Slope_weight="1")["error"]
    assert error["code"] == 400 and "takes no jobs" in error["details"][0]


# --- jobs ----------------------------------------------------------------------------------------------------------------------


def test_job() -> None:
    """Status, results by their paths, inputs and messages with both their keys."""
    job = ArcgisApp().json(JOB)
    assert (job["jobId"], job["jobStatus"]) == (HAZARD_JOB, "esriJobSucceeded")
    assert job["results"]["Hazard"] == {"paramUrl": "results/Hazard"} and job["inputs"]["Slope_weight"] == {
        "paramUrl": "inputs/Slope_weight"
    }
    assert {message["type"] for message in job["messages"]} == {"esriJobMessageTypeInformative", "esriJobMessageTypeWarning"}


def test_what_cannot_be_shown_is_left_out_and_said() -> None:
    """A result without a readable dataset is no key, since clients stumble over null, but a message."""
    job = ArcgisApp().json(JOB)
    assert "Springs" not in job["results"]
    assert {"type": "esriJobMessageTypeWarning", "description": "Springs: The dataset of this layer cannot be read."} in job["messages"]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("new", "esriJobNew"),
        ("submitted", "esriJobSubmitted"),
        ("waiting", "esriJobWaiting"),
        ("executing", "esriJobExecuting"),
        ("succeeded", "esriJobSucceeded"),
        ("failed", "esriJobFailed"),
        ("cancelled", "esriJobCancelled"),
        ("timed_out", "esriJobTimedOut"),
    ],
)
def test_statuses_are_words_pollers_know(status: str, word: str) -> None:
    """Any other word would be polled for ever; a failed job always has an error message."""
    double = ServiceDouble(jobs_known=(replace(JOBS[1], status=status, messages=()),))
    job = ArcgisApp(double).json(JOB)
    assert job["jobStatus"] == word and bool(job["results"]) == (status == "succeeded")
    if status == "failed":
        assert job["messages"] == [{"type": "esriJobMessageTypeError", "description": "The job failed."}]


@pytest.mark.parametrize("job_id", [ENDED_JOB, "j" + "0" * 32])
def test_a_job_that_is_gone_has_failed(job_id: str) -> None:
    """The one answer on which every client stops polling, for ids that look like ours."""
    response = ArcgisApp().get(f"{T}/jobs/{job_id}", f="json")
    assert response.status_code == 200
    job = response.json()
    assert (job["jobId"], job["jobStatus"], job["results"]) == (job_id, "esriJobFailed", {})
    assert job["messages"][0]["type"] == "esriJobMessageTypeError" and "expired" in job["messages"][0]["description"]


@pytest.mark.parametrize("job_id", ["nonsense", "%2e%2e", "x" * 200])
def test_a_job_that_never_was_is_an_error(job_id: str) -> None:
    """Impossible ids are errors."""
    assert ArcgisApp().json(f"{T}/jobs/{job_id}")["error"]["code"] in (400, 404)


def test_a_job_belongs_to_its_task() -> None:
    """A job asked for below another service's or task's name is not there."""
    double = ServiceDouble(jobs_known=(replace(JOBS[1], task="Other"),))
    assert ArcgisApp(double).json(JOB)["jobStatus"] == "esriJobFailed"
    assert ArcgisApp().json(f"{REST}/services/Viewshed/GPServer/Viewshed/jobs/{HAZARD_JOB}")["jobStatus"] == "esriJobFailed"


# --- results -------------------------------------------------------------------------------------------------------------------


def value(name: str, service: ServiceDouble | None = None, **query: object) -> Any:
    """The value of a result, its frame checked."""
    document = ArcgisApp(service).json(f"{JOB}/results/{name}", **query)
    assert set(document) == {"paramName", "dataType", "value"}, document
    return document["value"]


@pytest.mark.parametrize("query", [{}, {"returnType": "data"}, {"outSR": "4326"}])
def test_rasters_are_map_images(query: dict[str, object]) -> None:
    """A raster that may be seen is a picture of itself, its data is not handed out; it is drawn alone."""
    app = ArcgisApp()
    image = app.json(f"{JOB}/results/Hazard", **query)["value"]["mapImage"]
    assert (image["width"], image["height"]) == (400, 400) and image["extent"]["spatialReference"]["wkid"] == 102100
    asked = app.service.drawn[0]
    assert isinstance(asked, MapRequest) and asked.layers == LayerChoice(LayerMode.SHOW, (2,))
    assert pixels(app.get(image["href"])).std() > 0


@pytest.mark.parametrize("query", [{}, {"returnType": "data"}])
def test_features_are_past_their_limit(query: dict[str, object]) -> None:
    """No features and exceededTransferLimit: clients take it as the cue to show the map."""
    features = value("Contours", **query)
    assert features["features"] == [] and features["exceededTransferLimit"] is True and features["fields"] == []
    assert features["geometryType"] == "esriGeometryPolyline" and features["spatialReference"]["wkid"] == 102100


SET = "GPFeatureRecordSetLayer"


def test_what_cannot_be_read_is_no_lack_of_room() -> None:
    """A dataset that is there and cannot be read is told in its words, as one that is missing, and not as too many features."""
    known = ServiceDouble().jobs_known
    blind = tuple(replace(job, results=tuple(replace(one, data_type=SET, fault=None) for one in job.results)) for job in known)
    for query in ({}, {"f": "geojson"}, {"size": "300,200"}):
        error = ArcgisApp(ServiceDouble(jobs_known=blind)).json(f"{JOB}/results/Springs", **query)["error"]
        assert error["message"] == "The dataset of this layer cannot be read."


@pytest.mark.parametrize("query", [{"size": "300,200"}, {"bbox": BBOX, "size": "300,200"}])
def test_whatever_is_asked_as_a_picture_is_one(query: dict[str, object]) -> None:
    """Image parameters give a map image for features too, as @arcgis/core's fetchResultImage sends them."""
    image = value("Contours", dpi=96, format="png32", transparent="true", **query)["mapImage"]
    assert (image["width"], image["height"]) == (300, 200)


def test_a_json_box_and_f_image() -> None:
    """The old JavaScript API asks the result itself for the picture."""
    box = '{"xmin":-9390000,"ymin":4365000,"xmax":-9360000,"ymax":4395000,"spatialReference":{"wkid":102100}}'
    picture = ArcgisApp().get(f"{JOB}/results/hazard", f="image", bbox=box, bboxSR=102100, imageSR=102100, size="120,90")
    assert picture.headers["content-type"] == "image/png" and pixels(picture).shape == (90, 120, 4)


def test_plain_values_are_plain() -> None:
    """Numbers are numbers, inputs as they were given."""
    assert value("Share_high") == 17.4
    inputs = ArcgisApp().json(f"{JOB}/inputs/search_distance")
    assert inputs == {"paramName": "Search_distance", "dataType": "GPLinearUnit", "value": {"distance": 500, "units": "esriMeters"}}


@pytest.mark.parametrize(
    ("data_type", "given", "answered"),
    [
        ("GPMultiValue:GPString", None, []),
        ("GPMultiValue:GPString", "a", ["a"]),
        ("GPMultiValue:GPDouble", [1, 2], [1, 2]),
        ("GPDate", "2026-01-02T03:04:05Z", 1767323045000),
        ("GPDate", "2026-01-02T03:04:05", 1767323045000),
        ("GPDate", 5, 5),
        ("GPDate", "soon", "soon"),
        ("GPDataFile", {"url": "/jobs/secret.csv"}, {"url": ""}),
        ("GPBoolean", False, False),
    ],
)
def test_values_as_clients_decode_them(data_type: str, given: object, answered: object) -> None:
    """Lists for multivalues, epoch milliseconds for dates, no address for files."""
    assert plain_value(ResultCard("x", data_type, "x", given)) == answered


def test_a_raster_without_a_layer_is_not_null() -> None:
    """@arcgis/core looks into the value of a raster."""
    outputs = (ResultCard("Lost", "GPRasterDataLayer", "Lost"), ResultCard("Rows", "GPRecordSet", "Rows"))
    double = ServiceDouble(jobs_known=(replace(JOBS[1], results=outputs),))
    assert value("Lost", double) == {"url": "", "format": ""}
    assert value("Rows", double)["exceededTransferLimit"] is True


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        (f"{JOB}/results/Nothing", 404, "Hazard, Hillshade"),
        (f"{JOB}/inputs/Nothing", 404, "Slope_weight"),
        (f"{JOB}/results/Springs", 404, "cannot be read"),
        (f"{T}/jobs/{RUNNING_JOB}/results/Hazard", 400, "not finished"),
        (f"{REST}/services/Viewshed/GPServer/Viewshed/jobs/{FAILED_JOB}/results/Visible", 400, "without results"),
        (f"{T}/jobs/{ENDED_JOB}/results/Hazard", 404, "ended"),
    ],
)
def test_results_that_are_not_there(url: str, code: int, words: str) -> None:
    """A wrong name is answered with the right ones; other reasons in their own words."""
    error = ArcgisApp().json(url)["error"]
    assert error["code"] == code and words in " ".join((error["message"], *error["details"]))


def test_numbers_are_no_pictures() -> None:
    """f=image of a number is refused, and f=geojson of what is no features."""
    for name, form in (("Share_high", "image"), ("Share_high", "geojson"), ("Hazard", "geojson")):
        assert ArcgisApp().get(f"{JOB}/results/{name}", f=form).json()["error"]["code"] == 400
    assert ArcgisApp().get(S + "/GPServer", f="image").json()["error"]["code"] == 400
