"""Submitting, executing and cancelling, as clients ask for it."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from rendermap.errors import BadRequest, Busy
from rendermap.reply import ParameterCard, ResultCard
from rendermap.request import Environment, SubmitRequest
from tests.builders.arcgis_app import REST, ArcgisApp, G, T
from tests.builders.page_forms import form_fields
from tests.builders.service_double import HAZARD_JOB, JOBS, RUNNING_JOB, SERVICES, SUBMITTED_JOB, ServiceDouble

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
POINTS = {"features": [{"geometry": {"x": 1, "y": 2, "spatialReference": {"wkid": 102100}}, "attributes": {}}]}
EXTENT = {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4, "spatialReference": {"wkid": 102100}}


def parameter(name: str, data_type: str, **more: Any) -> ParameterCard:
    """An input."""
    return replace(ParameterCard(name, data_type, name.replace("_", " "), False, True, None, "", "", ()), **more)


COLUMNS = (
    parameter("Crop", "GPString", choices=("maize", "wheat")),
    parameter("Share_of_land", "GPLong", minimum=0, maximum=100),
    parameter("Reach", "GPLinearUnit", required=False),
)
INPUTS = (
    parameter("River_Level", "GPDouble", minimum=0, maximum=9.5, default=3.5),
    parameter("Area", "GPFeatureRecordSetLayer", geometry="point", required=False),
    parameter("Distance", "GPLinearUnit", default={"distance": 5.0, "units": "esriMiles"}, description="How far is looked"),
    parameter("Season", "GPString", choices=("summer", "winter"), required=False),
    parameter("When", "GPDate", default="2026-01-02T03:04:05Z"),
    parameter("Deep", "GPBoolean", default=True),
    parameter("Names", "GPMultiValue:GPString", default=["a", "b"]),
    parameter("Elevation", "GPRasterDataLayer", default="dem.tif"),
    parameter("Weights", "GPValueTable", required=False),
    parameter("Crops", "GPValueTable", columns=COLUMNS, default=[["maize", 20, None]]),
)


def running(**more: Any) -> ServiceDouble:
    """A service that runs its task, which has an input of every shape."""
    hazard = SERVICES[0]
    task = replace(hazard.tasks[0], parameters=(*INPUTS, *(p for p in hazard.tasks[0].parameters if p.is_output)))
    published = (replace(hazard, tasks=(task,), accepts_jobs=True, **more), *SERVICES[1:])
    return ServiceDouble(services_published=published, jobs_known=ArcgisApp().service.jobs_known)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_submitting(method: str) -> None:
    """GET and POST are the same; whoever submits has the job's id and status at once, and unknown parameters are passed over."""
    app = ArcgisApp(running())
    sent = {"River_Level": "4.25", "env:outSR": "102100", "outputParam": "Depth", "_ts": "1", "f": "json"}
    answer = app.ask(method, f"{T}/submitJob", **({"params": sent} if method == "GET" else {"data": sent}))
    assert answer.status_code == 200 and answer.json() == {
        "jobId": SUBMITTED_JOB,
        "jobStatus": "esriJobSubmitted",
        "results": {},
        "inputs": {},
        "messages": [],
    }
    (order,) = app.service.submitted
    assert order == SubmitRequest("Demo/Hazard", "Hazard", {"River_Level": 4.25}, order.principal, Environment("EPSG:3857"))


@pytest.mark.parametrize("verb", ["submitJob", "execute"])
def test_nothing_runs_whose_answer_has_no_such_form(verb: str) -> None:
    """A job's answer is no picture, which is said before the job is submitted."""
    app = ArcgisApp(running())
    assert "must be one of html, json, pjson" in app.get(f"{T}/{verb}", River_Level="4", f="image").json()["error"]["message"]
    assert not app.service.submitted


CONTEXT = {"extent": EXTENT, "outSR": 102100, "processSR": 32633}
AREA = quote(json.dumps(POINTS))
TRACES = [
    f"{T}/submitJob?River_Level=4.25&Area={AREA}&env%3AoutSR=102100&f=json",
    f"{T}/submitJob?Distance=%7B%22distance%22%3A5%2C%22units%22%3A%22esriMiles%22%7D&outputParam=Depth&f=json",
    f"{T}/submitJob?River_Level=4.25&f=json",
    f"POST {T}/submitJob f=json&River_Level=4.25",
    f"POST {T}/submitJob River_Level=4.25&Area={AREA}&context={quote(json.dumps(CONTEXT))}&f=json",
    f"POST {T}/submitJob/ f=json&Deep=True&River_Level=4",
]


@pytest.mark.parametrize("trace", TRACES)
def test_recorded_requests(trace: str) -> None:
    """The requests of @arcgis/core, esri-leaflet-gp, the Python API and arcgis-rest-request, as they were recorded."""
    app = ArcgisApp(running())
    method, url, body = trace.split(" ") if trace.startswith("POST") else ("GET", trace, "")
    job = app.ask(method, url, content=body, headers=FORM if body else {}).json()
    assert job["jobId"] == SUBMITTED_JOB and job["jobStatus"] == "esriJobSubmitted" and len(app.service.submitted) == 1
    polled = app.json(f"{T}/jobs/{SUBMITTED_JOB}")
    assert polled["jobStatus"] == "esriJobSubmitted"


def test_values_and_context_arrive_as_json() -> None:
    """What a client spells in its own way is plain JSON behind the door."""
    app = ArcgisApp(running())
    app.ask("POST", TRACES[4].split(" ")[1], content=TRACES[4].split(" ")[2], headers=FORM)
    order = app.service.submitted[0]
    assert order.inputs == {"River_Level": 4.25, "Area": POINTS}
    assert order.environment.process_crs == "EPSG:32633" and order.environment.extent is not None
    assert order.environment.extent[1] == "EPSG:3857" and order.environment.out_crs == "EPSG:3857"


def test_faults() -> None:
    """All faults of the spelling at once, in the dialect; those of the values come from where the task is ordered, as they are."""
    app = ArcgisApp(running())
    error = app.json(f"{T}/submitJob", Area="{", Weights="x", returnZ="perhaps")["error"]
    assert error["code"] == 400 and len(error["details"]) == 2 and "returnZ" in error["details"][1]
    app.service.refusal = BadRequest(details=("'A' is required.", "'B' must be a number."))
    error = app.json(f"{T}/submitJob", River_Level="x")["error"]
    assert error["code"] == 400 and error["details"] == ["'A' is required.", "'B' must be a number."]
    app.service.refusal = Busy()
    assert app.get(f"{T}/submitJob", River_Level="1", f="json").status_code == 503
    assert not app.service.submitted


def test_documents_of_every_key() -> None:
    """The task says its choices, ranges and geometry, and defaults in the form that clients decode."""
    task = ArcgisApp(running()).json(T)
    told = {one["name"]: one for one in task["parameters"]}
    keys = {"name", "dataType", "displayName", "description", "direction", "defaultValue", "parameterType", "category"}
    assert all(keys <= set(one) for one in told.values()) and {"name", "displayName", "description", "category", "helpUrl"} <= set(task)
    assert told["River_Level"]["filter"] == {"type": "range", "minimum": 0, "maximum": 9.5} and told["River_Level"]["defaultValue"] == 3.5
    assert told["Area"]["filter"] == {"type": "featureClass", "list": ["esriGeometryPoint"]}
    area = told["Area"]["defaultValue"]
    assert area["geometryType"] == "esriGeometryPoint" and area["features"] == [] and area["exceededTransferLimit"] is False
    assert told["Season"]["choiceList"] == ["summer", "winter"] and told["Season"]["parameterType"] == "esriGPParameterTypeOptional"
    assert told["When"]["defaultValue"] == 1767323045000 and told["Names"]["defaultValue"] == ["a", "b"]
    assert "parameterInfos" not in told["Weights"] and [one["name"] for one in told["Crops"]["parameterInfos"]] == [
        "Crop", "Share_of_land", "Reach",
    ]  # fmt: skip
    crop, share, reach = told["Crops"]["parameterInfos"]
    assert all(keys <= set(one) for one in (crop, share, reach)) and crop["choiceList"] == ["maize", "wheat"]
    assert share["dataType"] == "GPLong" and share["filter"] == {"type": "range", "minimum": 0, "maximum": 100}
    assert (share["parameterType"], reach["parameterType"]) == ("esriGPParameterTypeRequired", "esriGPParameterTypeOptional")
    assert told["Weights"]["defaultValue"] is None and told["Hazard"]["parameterType"] == "esriGPParameterTypeDerived"


@pytest.mark.parametrize(("synchronous", "word"), [(True, "esriExecutionTypeSynchronous"), (False, "esriExecutionTypeAsynchronous")])
def test_how_clients_are_to_run_it(synchronous: bool, word: str) -> None:
    """esri-leaflet-gp and the Python API choose execute or submitJob by it, on the service and on the task."""
    app = ArcgisApp(running(is_synchronous=synchronous))
    assert app.json(G)["executionType"] == word and app.json(T)["executionType"] == word


IMAGE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
SCRIPT = {**IMAGE, "sec-fetch-dest": "script"}
FETCH = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
OPERATIONS = (f"{T}/submitJob", f"{T}/execute", f"{T}/jobs/{RUNNING_JOB}/cancel")


@pytest.mark.parametrize("url", OPERATIONS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", [IMAGE, LINK, SCRIPT, {**FETCH, "cookie": "signed=in"}])
def test_a_page_of_another_site_runs_nothing_as_its_visitor(url: str, method: str, headers: dict[str, str]) -> None:
    """Neither a picture, a link, a form nor a script without a callback; nor a fetch that spends a cookie."""
    app = ArcgisApp(running())
    error = app.ask(method, f"{url}?River_Level=1&f=json", headers=headers).json()["error"]
    assert error["code"] == 400 and not app.service.submitted
    assert all(job.status != "cancelled" for job in app.service.jobs_known if job.job_id == RUNNING_JOB)


@pytest.mark.parametrize("known_by", [{}, {"x-api-key": "k"}, {"authorization": "Basic x"}, {"cookie": "a=b"}])
def test_scripts_run_tasks_only_as_nobody(known_by: dict[str, str]) -> None:
    """JSONP of old clients goes on; what a proxy or a browser adds to a script of another site is not spent."""
    app = ArcgisApp(running())
    answer = app.ask("GET", f"{T}/submitJob?River_Level=1&f=json&callback=take", headers={**SCRIPT, **known_by})
    assert "take(" in answer.text
    assert bool(app.service.submitted) is (not known_by)


@pytest.mark.parametrize("headers", [FETCH, {**LINK, "sec-fetch-site": "same-origin"}, {**LINK, "sec-fetch-site": "none"}, {}])
def test_clients_of_other_sites_and_own_pages_run_tasks(headers: dict[str, str]) -> None:
    """@arcgis/core fetches; the form of a task is of this site; scripts and desktops say nothing."""
    app = ArcgisApp(running())
    app.ask("GET", f"{T}/submitJob?River_Level=1&f=json", headers=headers)
    assert len(app.service.submitted) == 1


def test_limits_of_whole_numbers_are_whole() -> None:
    """They are read by people."""
    hazard = SERVICES[0]
    task = replace(hazard.tasks[0], parameters=(parameter("Count", "GPLong", minimum=1.0, maximum=10.0),))
    app = ArcgisApp(ServiceDouble(services_published=(replace(hazard, tasks=(task,)), *SERVICES[1:])))
    assert "1 to 10<" in app.get(T).text and '"maximum": 10}' in app.get(T, f="json").text.replace(":10}", ": 10}")


FILE = (b'--B\r\nContent-Disposition: form-data; name="Area"; filename="a.json"\r\n\r\n{}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n--B--\r\n')  # fmt: skip
MULTIPART = {"Content-Type": "multipart/form-data; boundary=B"}


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (FILE, MULTIPART, "'Area' must be text, not a file."),
        (b"f=json&Names=a;;b", FORM, "'Names' must have a value on each side of a semicolon."),
        (b"f=json&River_Level=3&river_level=4&River_Level=3", FORM, "'River_Level' is given more than once."),
        (b"f=json&Season=%FFsummer", FORM, "The request must be UTF-8."),
        (b"f=json&Season=\xffsummer", FORM, "The request must be UTF-8."),
    ],
)
def test_nothing_given_is_dropped_or_changed_in_silence(body: bytes, headers: dict[str, str], said: str) -> None:
    """A file that names an input, an empty value among several, two values for one, bytes that are no text."""
    app = ArcgisApp(running())
    error = app.ask("POST", f"{T}/submitJob", content=body, headers=headers).json()["error"]
    assert error["code"] == 400 and said in (error["message"], *error["details"]) and not app.service.submitted


def test_an_empty_field_for_a_file_is_no_file() -> None:
    """Browsers send one with every form that has such a field."""
    app = ArcgisApp(running())
    body = FILE.replace(b"a.json", b"").replace(b"{}", b"")
    assert app.ask("POST", f"{T}/submitJob", content=body, headers=MULTIPART).json()["jobId"] == SUBMITTED_JOB


# --- execute -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "has_messages"), [({}, True), ({"returnMessages": "false"}, False)])
def test_executing(sent: dict[str, str], has_messages: bool) -> None:
    """The results with their values and what the tool said, in one answer; what cannot be shown is left out."""
    app = ArcgisApp(running())
    answer = app.json(f"{T}/execute", River_Level="1", **sent)
    assert set(answer) == {"results", "messages"} and bool(answer["messages"]) is has_messages
    results = {one["paramName"]: one for one in answer["results"]}
    assert list(results) == ["Hazard", "Hillshade", "Contours", "Share_high"] and results["Share_high"]["value"] == 17.4
    assert results["Hazard"]["value"]["mapImage"]["extent"] and results["Contours"]["value"]["features"] == []
    assert all({"paramName", "dataType", "value"} == set(one) for one in answer["results"])


def test_executing_tells_what_cannot_be_read() -> None:
    """It is found out when it is looked at; the other results are answered all the same, and a message names it."""
    double = running()
    double.jobs_known = tuple(replace(job, results=tuple(replace(one, fault=None) for one in job.results)) for job in double.jobs_known)
    answer = ArcgisApp(double).json(f"{T}/execute", River_Level="1")
    assert [one["paramName"] for one in answer["results"]] == ["Hazard", "Hillshade", "Contours", "Share_high"]
    assert [one["description"] for one in answer["messages"]].count("Springs: The dataset of this layer cannot be read.") == 1


def test_what_a_form_cannot_ask_for_is_said() -> None:
    """A file of the service, and a task that is not run here; a grey example is spoken of where one is seen."""
    page = ArcgisApp(running()).get(T).text
    assert "Nobody can give this one" in page and "A feature set as JSON, as in the grey example." in page
    assert "does not run this task for you" in ArcgisApp().get(T).text


def test_pictures_of_results_are_in_the_reference_of_the_job() -> None:
    """Unless whoever fetches one asks for another, or for a box of their own."""
    double = running()
    double.jobs_known = tuple(replace(job, out_crs="EPSG:32616") for job in double.jobs_known)
    app = ArcgisApp(double)

    def reference(**asked: str) -> int:
        value = app.json(f"{T}/jobs/{HAZARD_JOB}/results/Hazard", **asked)["value"]
        found: int = value["mapImage"]["extent"]["spatialReference"]["latestWkid"]
        return found

    assert (reference(), reference(imageSR="4326"), reference(bbox="0,0,1,1", size="9,9")) == (32616, 4326, 3857)


def test_inputs_are_no_parameters_of_a_picture() -> None:
    """A task may call its inputs as it likes: a size given to it is not the size of its results."""
    app = ArcgisApp(running())
    answer = app.json(f"{T}/execute", River_Level="1", size="big", bbox="none")
    assert next(one for one in answer["results"] if one["paramName"] == "Contours")["value"]["features"] == []


def test_executing_what_fails() -> None:
    """A job that ends without results is an error that holds what its tool said."""
    double = running()
    double.executes_to = "failed"
    double.jobs_known = tuple(replace(job, messages=(("error", "There is no ground here."),)) for job in double.jobs_known)
    error = ArcgisApp(double).json(f"{T}/execute", River_Level="1")["error"]
    assert error["code"] == 400 and error["details"] == ["There is no ground here."]


# --- jobs ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cancelling(method: str) -> None:
    """A job that runs is cancelled, one that is over stays what it is, and one that is gone has failed."""
    app = ArcgisApp(running())
    assert app.ask(method, f"{T}/jobs/{RUNNING_JOB}/cancel?f=json").json()["jobStatus"] == "esriJobCancelled"
    assert app.ask(method, f"{T}/jobs/{HAZARD_JOB}/cancel?f=json").json()["jobStatus"] == "esriJobSucceeded"
    assert app.ask(method, f"{T}/jobs/j{'0' * 32}/cancel?f=json").json()["jobStatus"] == "esriJobFailed"


def test_a_job_is_cancelled_below_its_own_task() -> None:
    """The address of another service or task leads to nothing that could be cancelled."""
    app = ArcgisApp(running())
    other = app.json(f"{REST}/services/Viewshed/GPServer/Viewshed/jobs/{RUNNING_JOB}/cancel")
    assert other["jobStatus"] == "esriJobFailed" and app.json(f"{T}/jobs/{RUNNING_JOB}")["jobStatus"] == "esriJobExecuting"


@pytest.mark.parametrize(
    ("progress", "told"),
    [
        (("Interpolating", 39.6), {"type": "step", "message": "Interpolating", "percent": 40}),
        (("Reading", None), {"type": "default", "message": "Reading"}),
        (None, None),
    ],
)
def test_progress(progress: tuple[str, float | None] | None, told: dict[str, Any] | None) -> None:
    """While a job runs it says how far it has come, if it knows."""
    double = ServiceDouble(jobs_known=(replace(JOBS[0], progress=progress),))
    assert ArcgisApp(double).json(f"{T}/jobs/{RUNNING_JOB}").get("progress") == told
    done = ServiceDouble(jobs_known=(replace(JOBS[1], progress=progress),))
    assert "progress" not in ArcgisApp(done).json(f"{T}/jobs/{HAZARD_JOB}")


def test_errors_for_jobs_that_are_gone() -> None:
    """An operator may have them told as errors."""
    app = ArcgisApp()
    app.app.state.expired_job_reply = "error"
    gone = f"{T}/jobs/j{'0' * 32}"
    assert app.json(gone)["error"]["code"] == 404 and app.json(f"{gone}/cancel")["error"]["code"] == 404


# --- pages ---------------------------------------------------------------------------------------------------------------


def test_the_form_of_a_task() -> None:
    """A field for each input by its type, with its default, its help and its bounds; what cannot be given has none."""
    page = ArcgisApp(running()).get(T).text
    for words in (
        'name="River_Level" type="number" step="any" min="0" max="9.5" value="3.5"',
        'name="Distance" type="number"',
        '<option value="esriMiles" selected>miles</option>',
        "How far is looked",
        '<option value="winter">winter</option>',
        'type="datetime-local" step="1" value="2026-01-02T03:04:05"',
        '<option value="true" selected>true</option>',
        'name="Names" type="text" value="a;b"',
        '<textarea id="in-Area" name="Area"',
        '<option value="maize" selected>maize</option>',
        'name="Crops.1.Share_of_land" type="number" step="1" min="0" max="100" value="20" aria-label="Share of land, row 1"',
        'name="Crops.5.Share_of_land" type="number" step="1" min="0" max="100" value=""',
        'name="Crops.2.Reach.units"',
        f'action="http://maps.example{T}/submitJob"',
    ):
        assert words in page, words
    assert 'name="Elevation"' not in page and "<form" not in ArcgisApp().get(T).text
    assert "<td>0 to 9.5</td>" in page and "<td>2026-01-02 03:04:05</td>" in page
    synchronous = ArcgisApp(running(is_synchronous=True)).get(T).text
    assert f'action="http://maps.example{T}/execute"' in synchronous


def test_several_of_some_choices_are_ticked() -> None:
    """The default is ticked at first, then what was sent; the values arrive as a list, and not both ways at once."""
    double = running()
    towns = parameter("Towns", "GPMultiValue:GPString", choices=("Abel", "Be;ta", "Caesar"), default=["Abel"])
    hazard = double.services_published[0]
    task = replace(hazard.tasks[0], parameters=(*hazard.tasks[0].parameters, towns))
    double.services_published = (replace(hazard, tasks=(task,)), *double.services_published[1:])
    app = ArcgisApp(double)
    assert 'name="Towns.1" value="Abel" checked' in app.get(T).text and "Where none is ticked: Abel." in app.get(T).text
    assert app.ask("POST", f"{T}/submitJob", data={"Towns.3": "Caesar", "Towns.2": "Be;ta"}).status_code == 303
    assert double.submitted[0].inputs == {"Towns": ["Be;ta", "Caesar"]}
    twice = app.ask("POST", f"{T}/submitJob", data={"Towns.3": "Caesar", "Towns": "Abel"})
    assert twice.status_code == 400 and "given more than once" in twice.text and 'value="Caesar" checked' in twice.text
    assert len(double.submitted) == 1


def test_running_again_begins_with_the_inputs_of_the_job() -> None:
    """The form holds what the job was given, in the fields' own spelling; only a job of this task lends its inputs."""
    double = running()
    given: dict[str, object] = {
        "River_Level": 7.25, "Distance": {"distance": 12, "units": "esriFeet"}, "Season": "winter", "When": "2025-05-06T07:08:09Z",
        "Deep": False, "Names": ["x", "y"], "Area": POINTS, "Crops": [["wheat", 77, None]],
    }  # fmt: skip
    kinds = {card.name: card.data_type for card in INPUTS}
    inputs = tuple(ResultCard(name, kinds[name], name, value) for name, value in given.items())
    jobs = tuple(replace(job, inputs=inputs) if job.job_id == HAZARD_JOB else job for job in double.jobs_known)
    double.jobs_known = jobs
    app = ArcgisApp(double)
    again = f"{T}?from:job={HAZARD_JOB}"
    assert f'href="http://maps.example{again}"' in app.get(f"{T}/jobs/{HAZARD_JOB}").text
    fields = form_fields(app.get(again).text)
    assert json.loads(fields.pop("Area")) == POINTS
    wanted = {
        "River_Level": "7.25", "Distance": "12", "Distance.units": "esriFeet", "Season": "winter", "When": "2025-05-06T07:08:09",
        "Deep": "false", "Names": "x;y", "Crops.1.Crop": "wheat", "Crops.1.Share_of_land": "77",
    }  # fmt: skip
    assert wanted.items() <= fields.items()
    double.jobs_known = tuple(replace(job, task="Other") for job in jobs)
    assert app.get(again).status_code == 404 and "winter" not in app.get(again).text
    assert app.json(T, **{"from:job": HAZARD_JOB})["name"] == "Hazard"


@pytest.mark.parametrize("verb", ["submitJob", "execute"])
def test_a_browser_is_sent_to_the_page_of_its_job(verb: str) -> None:
    """A form that is sent leads to the job, with the token that it came with; an address without values leads to the form."""
    app = ArcgisApp(running())
    sent = app.ask("POST", f"{T}/{verb}", data={"River_Level": "4", "Distance": "5", "Distance.units": "esriMiles", "f": "html"})
    assert sent.status_code == 303 and sent.headers["location"] == f"http://maps.example{T}/jobs/{SUBMITTED_JOB}"
    assert app.service.submitted[0].inputs == {"River_Level": 4, "Distance": {"distance": 5, "units": "esriMiles"}}
    assert app.get(sent.headers["location"]).status_code == 200
    empty = app.get(f"{T}/{verb}")
    assert empty.status_code == 303 and empty.headers["location"] == f"http://maps.example{T}" and len(app.service.submitted) == 1


def test_faults_stand_in_the_form() -> None:
    """Whoever fills in a form finds what is wrong, and what was written, in the form."""
    double = running()
    double.refusal = BadRequest("'River Level' must be between 0 and 9.5.")
    page = ArcgisApp(double).ask("POST", f"{T}/submitJob", data={"River_Level": "12", "Crops.2.Share_of_land": "77"})
    assert 'name="Crops.2.Share_of_land" type="number" step="1" min="0" max="100" value="77"' in page.text
    assert page.status_code == 400 and "must be between 0 and 9.5" in page.text and 'value="12"' in page.text


def test_a_long_table_stands_in_the_form_as_one_text() -> None:
    """Its cells would be more parameters than a request may have; what was sent, as a text or in later rows, stands in the form again."""
    rows = [["maize", number, {"distance": 1, "units": "esriMiles"}] for number in range(50)]
    double = running()
    inputs = (ResultCard("Crops", "GPValueTable", "Crops", rows),)
    double.jobs_known = tuple(replace(job, inputs=inputs) for job in double.jobs_known)
    page = ArcgisApp(double).get(f"{T}?from:job={HAZARD_JOB}&f=html").text
    assert page.count(" name=") < 60 and 'name="Crops"' in page and json.dumps(rows) in html.unescape(page)
    double.refusal = BadRequest("It is too wet.")
    sent = ArcgisApp(double).ask("POST", f"{T}/submitJob", data={"River_Level": "1", "Crops": json.dumps(rows[:2]), "f": "html"})
    assert json.dumps(rows[:2]) in html.unescape(sent.text)
    later = ArcgisApp(double).ask("POST", f"{T}/submitJob", data={"River_Level": "1", "Crops.9.Share_of_land": "66", "f": "html"}).text
    assert 'name="Crops.9.Share_of_land"' in later and 'value="66"' in later and "Crops.10." not in later


def test_the_page_of_a_job_that_goes_on() -> None:
    """It looks again by itself and can be cancelled, until the job is over."""
    double = ServiceDouble(jobs_known=(replace(JOBS[0], progress=("Interpolating", 40)), *JOBS[1:]))
    going = ArcgisApp(double).get(f"{T}/jobs/{RUNNING_JOB}").text
    assert 'http-equiv="refresh"' in going and "Interpolating" in going and 'value="40"' in going and "/cancel" in going
    over = ArcgisApp().get(f"{T}/jobs/{HAZARD_JOB}").text
    assert 'http-equiv="refresh"' not in over and "/cancel" not in over
