"""Answers of the geoprocessing side: services, tasks, jobs and their results."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from urllib.parse import quote

from starlette.responses import Response

from rendermap.errors import Ended, InvalidFormat, JobFailed, JobNotFound, NotFound, NotReady, NotSupported, RendermapError, ResultNotFound
from rendermap.frontends.arcgis.address import looks_like_ours
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.feature_documents import geojson_document, set_document, unseen_geojson
from rendermap.frontends.arcgis.fields import fields_of
from rendermap.frontends.arcgis.gp_documents import (
    FEATURE_TYPE,
    GOING_ON,
    RASTER_TYPES,
    RECORD_TYPE,
    catalogue_document,
    expired_job_document,
    feature_set,
    has_map,
    info_document,
    job_document,
    plain_value,
    record_set,
    service_document,
    task_document,
    value_document,
)
from rendermap.frontends.arcgis.maps import announce, refused_filters_told
from rendermap.frontends.arcgis.params import parse_export
from rendermap.frontends.arcgis.queries import result_features, result_rows
from rendermap.frontends.arcgis.query_params import GEOJSON, is_geojson
from rendermap.frontends.arcgis.spatial import Json, extent, with_area
from rendermap.frontends.arcgis.tokens import TOKENS
from rendermap.frontends.identity import doorkeeper_of
from rendermap.frontends.kvp import Parameters
from rendermap.frontends.links import link
from rendermap.frontends.negotiation import Form
from rendermap.frontends.responses import drawn_response
from rendermap.reply import JobCard, MapCard, ResultCard, ServiceCard, TaskCard
from rendermap.request import JobRequest, LayerChoice, LayerMode, MapRequest
from rendermap.service import OpenMap

_DATASET_TYPES = (*RASTER_TYPES, FEATURE_TYPE, RECORD_TYPE)
_NOT_OURS = ("bbox", "bboxsr", "layers", "layerdefs", "dynamiclayers")


async def info(ask: Ask) -> Answer:
    """The server itself."""
    doorkeeper = doorkeeper_of(ask.request)
    tokens_url = link(ask.request, TOKENS) if doorkeeper.has_users else None
    return Answer(info_document(tokens_url, doorkeeper.token_minutes), "info")


async def catalogue(ask: Ask) -> Answer:
    """The services, or those of a folder."""
    services = await ask.service.services(ask.principal)
    folder = ask.address.service
    document = catalogue_document(services, folder)
    if folder and not document["services"]:
        raise NotFound("There is no such folder.")
    titles = {service.name: service.title for service in services}
    shown = {"folder": folder, "root": ask.url("services"), "titles": titles, "crumbs": (("services", ask.url("services")),)}
    return Answer(document, "catalogue", shown)


async def gp_service(ask: Ask) -> Answer:
    """A GP service."""
    card = await ask.service.service(ask.address.service, ask.principal)
    map_url = ask.map_url(card.name, None) if has_map(card) else None
    shown = {"name": card.name, "title": card.title, "url": ask.task_url(card.name), "map_url": map_url, "crumbs": _crumbs(ask, card)}
    return Answer(service_document(card), "gp_service", shown)


async def task(ask: Ask) -> Answer:
    """A task."""
    return task_answer(ask, *await task_of(ask))


def task_answer(ask: Ask, card: ServiceCard, task: TaskCard, faults: tuple[str, ...] = ()) -> Answer:
    """A task, and a form to run it.  faults: of what has been given, which stands in the form again."""
    shown: dict[str, object] = {
        "crumbs": _crumbs(ask, card),
        "url": ask.task_url(card.name, task.name),
        "accepts_jobs": card.accepts_jobs,
        "fields": fields_of(task),
        "given": ask.parameters.values,
        "faults": faults,
    }
    return Answer(task_document(card, task), "task", shown, 400 if faults else 200)


async def task_of(ask: Ask) -> tuple[ServiceCard, TaskCard]:
    """The service and the task of the address.  Raises ServiceNotFound, NotFound."""
    card = await ask.service.service(ask.address.service, ask.principal)
    wanted = ask.address.task.casefold()
    found = next((one for one in card.tasks if one.name.casefold() == wanted), None)
    if found is None:
        raise NotFound("There is no such task.")
    return card, found


def _crumbs(ask: Ask, card: ServiceCard, task: TaskCard | None = None) -> tuple[tuple[str, str], ...]:
    below = ((task.display_name, ask.task_url(card.name, task.name)),) if task else ()
    return (("services", ask.url("services")), (card.name, ask.task_url(card.name)), *below)


# --- jobs ----------------------------------------------------------------------------------------------------------------


async def job(ask: Ask) -> Answer:
    """A job in any state."""
    card, found = await task_of(ask)
    try:
        state = await job_of(ask, card, found)
    except (JobNotFound, Ended) as error:
        return gone_answer(ask, card, found, error)
    return job_answer(ask, card, found, state)


def gone_answer(ask: Ask, card: ServiceCard, task: TaskCard, error: RendermapError) -> Answer:
    """A job that is gone, as failed when its id looks like ours, since most clients poll for ever on an error object.

    Raises error for other ids, and for all where an operator wants errors.
    """
    job_id = ask.address.job_id or ""
    if not looks_like_ours(job_id) or getattr(ask.request.app.state, "expired_job_reply", "failed") == "error":
        raise error
    return Answer(expired_job_document(job_id), "job", _shown_of_job(ask, card, task))


def job_answer(ask: Ask, card: ServiceCard, task: TaskCard, state: JobCard) -> Answer:
    """A job as it is."""
    shown = _shown_of_job(ask, card, task)
    if state.status == "succeeded" and has_map(card):
        shown |= {
            "map_url": ask.map_url(card.name, state.job_id),
            "alias": ask.alias_url(card.name, state.job_id),
            "page_url": ask.page_url(card.name, state.job_id),
        }
    times = (("Submitted", state.created), ("Started", state.started), ("Finished", state.finished))
    shown |= {
        "url": ask.job_url(card.name, task.name, state.job_id),
        "names": {value.name: value.display_name for value in (*state.results, *state.inputs)},
        "layer_ids": {value.name: value.layer_id for value in state.results},
        "times": [(label, f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC") for label, moment in times if moment],
        "is_going_on": state.status in GOING_ON,
    }
    return Answer(job_document(state), "job", shown)


def _shown_of_job(ask: Ask, card: ServiceCard, task: TaskCard) -> dict[str, object]:
    return {
        "crumbs": _crumbs(ask, card, task),
        "again_url": ask.task_url(card.name, task.name) if card.accepts_jobs else None,
        "url": "",
        "map_url": None,
        "page_url": None,
        "alias": None,
        "names": {},
        "layer_ids": {},
        "times": (),
        "is_going_on": False,
    }


async def job_of(ask: Ask, card: ServiceCard, task: TaskCard) -> JobCard:
    """The job, if it is a run of this task.  Raises JobNotFound, Ended."""
    found = await ask.service.job(ask.job(card.name))
    if found.task is not None and found.task.casefold() != task.name.casefold():
        raise JobNotFound
    return found


def _named(values: tuple[ResultCard, ...], name: str, what: str) -> ResultCard:
    found = next((value for value in values if value.name.casefold() == name.casefold()), None)
    if found is None:
        names = ", ".join(value.name for value in values) or "none"
        raise ResultNotFound(details=(f"The {what} of this job: {names}.",))
    return found


async def input_(ask: Ask) -> Answer:
    """A value the job was given."""
    card, found = await task_of(ask)
    state = await job_of(ask, card, found)
    value = _named(state.inputs, ask.address.item, "inputs")
    # a set that a client sent may be of any shape
    shown = {"crumbs": _job_crumbs(ask, card, found), "is_records": False}
    return Answer(value_document(value, plain_value(value)), "value", shown)


def _job_crumbs(ask: Ask, card: ServiceCard, task: TaskCard) -> tuple[tuple[str, str], ...]:
    job_id = ask.address.job_id or ""
    return (*_crumbs(ask, card, task), (job_id, ask.job_url(card.name, task.name, job_id)))


# --- results -------------------------------------------------------------------------------------------------------------


async def result(ask: Ask) -> Answer | Response:
    """An output: rasters and whatever is asked for as a picture as a map image, features as past their limit, values as they are."""
    card, found = await task_of(ask)
    state = await job_of(ask, card, found)
    demand_success(state)
    output = _named(state.results, ask.address.item, "results")
    if output.fault:
        raise ResultNotFound(output.fault)
    if is_geojson(ask.parameters):
        return Answer(await _geojson(ask, card, state, output), "value")
    if ask.form is Form.IMAGE:
        if output.layer_id is None:
            raise NotSupported(details=("This result is not drawn on the map.",))
        opened = await ask.service.open(ask.job(card.name))
        asked = _picture_of(ask.parameters, ask.job(card.name), opened.card, output)
        with refused_filters_told(asked):
            return await drawn_response(ask.request, opened, asked)
    geojson_url = f"{ask.job_url(card.name, found.name, state.job_id)}/results/{quote(output.name)}?f={GEOJSON}"
    shown = {
        "crumbs": _job_crumbs(ask, card, found),
        "is_records": output.data_type in (FEATURE_TYPE, RECORD_TYPE),
        "geojson_url": geojson_url if output.data_type == FEATURE_TYPE else None,
    }
    return Answer(await result_document(ask, card, state, output), "value", shown)


async def result_document(ask: Ask, card: ServiceCard, state: JobCard, output: ResultCard) -> Json:
    """An output with its value."""
    if output.data_type == RECORD_TYPE:
        told = await result_rows(ask, await ask.service.open(ask.job(card.name)), output)
        return value_document(output, record_set() if told is None else set_document(told, has_shapes=False))
    if output.layer_id is None:
        return value_document(output, _undrawn_value(output))
    opened = await ask.service.open(ask.job(card.name))
    if _asks_for_picture(ask.parameters) or output.data_type in RASTER_TYPES:
        return value_document(output, await _map_image(ask, opened, output))
    told = await result_features(ask, opened, state, output)
    return value_document(output, _drawn_value(output, opened.card) if told is None else set_document(told, has_shapes=True))


async def _geojson(ask: Ask, card: ServiceCard, state: JobCard, output: ResultCard) -> Json:
    """The features of an output alone, without anything around them.  Raises InvalidFormat for outputs that have none."""
    if output.data_type != FEATURE_TYPE:
        raise InvalidFormat("This result has no features: ask for it with f=json.")
    if output.layer_id is None:
        return unseen_geojson()
    told = await result_features(ask, await ask.service.open(ask.job(card.name)), state, output)
    return unseen_geojson() if told is None else geojson_document(told)


def demand_success(state: JobCard) -> None:
    """Raises JobFailed with what the tool said, NotReady."""
    if state.status in ("failed", "cancelled", "timed_out"):
        said = tuple(text for kind, text in state.messages if kind == "error")
        raise JobFailed("The job ended without results.", details=said)
    if state.status != "succeeded":
        raise NotReady(f"The job has not finished: it is {state.status}.", status=state.status)


def _asks_for_picture(parameters: Parameters) -> bool:
    return "bbox" in parameters or "size" in parameters


def _undrawn_value(output: ResultCard) -> object:
    """Datasets without a layer: a raster type must not be null, @arcgis/core looks into it."""
    if output.data_type in RASTER_TYPES:
        return {"url": "", "format": ""}
    return record_set() if output.data_type in _DATASET_TYPES else plain_value(output)


def _drawn_value(output: ResultCard, the_map: MapCard) -> object:
    layer = next((one for one in the_map.layers if one.id == output.layer_id), None)
    return feature_set(layer.geometry if layer else None, the_map.crs) if output.data_type == FEATURE_TYPE else _undrawn_value(output)


async def _map_image(ask: Ask, opened: OpenMap, output: ResultCard) -> Json:
    asked = _picture_of(ask.parameters, ask.job(opened.card.service.name), opened.card, output)
    with refused_filters_told(asked):
        return {"mapImage": announce(ask, asked, await opened.draw(asked))}


def _picture_of(parameters: Parameters, job: JobRequest, the_map: MapCard, output: ResultCard) -> MapRequest:
    """This output's layer alone, of the box asked for or where it lies."""
    layer = next((one for one in the_map.layers if one.id == output.layer_id), None)
    if "bbox" not in parameters:
        box = extent(with_area((layer.bbox if layer else None) or the_map.bbox, the_map.crs), the_map.crs)
        others = {name: value for name, value in parameters.values.items() if name not in _NOT_OURS}
        parameters = Parameters({**others, "bbox": json.dumps(box)})
    asked = parse_export(parameters, job, the_map)
    return replace(asked, layers=LayerChoice(LayerMode.SHOW, (output.layer_id or 0,)))
