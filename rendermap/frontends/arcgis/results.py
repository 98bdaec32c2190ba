"""Answers about the results of jobs: values, features, and pictures of what is drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

from starlette.responses import Response

from rendermap.errors import InvalidFormat, JobFailed, NotReady, NotSupported, ResultNotFound
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.feature_documents import geojson_document, set_document, unseen_geojson
from rendermap.frontends.arcgis.gp import job_crumbs, job_of, named_value, task_of
from rendermap.frontends.arcgis.gp_documents import (
    FEATURE_TYPE,
    RASTER_TYPES,
    RECORD_TYPE,
    feature_set,
    plain_value,
    record_set,
    value_document,
)
from rendermap.frontends.arcgis.maps import announce, refused_filters_told
from rendermap.frontends.arcgis.params import parse_export
from rendermap.frontends.arcgis.queries import result_features, result_rows
from rendermap.frontends.arcgis.query_params import GEOJSON, is_geojson
from rendermap.frontends.arcgis.spatial import Json, around, extent, spatial_reference, with_area
from rendermap.frontends.kvp import Parameters
from rendermap.frontends.negotiation import Form
from rendermap.frontends.responses import drawn_response
from rendermap.reply import JobCard, MapCard, ResultCard, ServiceCard
from rendermap.request import JobRequest, LayerChoice, LayerMode, MapRequest
from rendermap.service import OpenMap

_DATASET_TYPES = (*RASTER_TYPES, FEATURE_TYPE, RECORD_TYPE)
_NOT_OURS = ("bbox", "bboxsr", "layers", "layerdefs", "dynamiclayers")


async def result(ask: Ask) -> Answer | Response:
    """An output: rasters, and what is asked for as a picture, as a map image; features as far as they may be told; values as they are."""
    card, found = await task_of(ask)
    state = await job_of(ask, card, found)
    demand_success(state)
    output = named_value(state.results, ask.address.item, "results")
    if output.fault:
        raise ResultNotFound(output.fault)
    if is_geojson(ask.parameters):
        return Answer(await _geojson(ask, card, state, output), "value")
    if ask.form is Form.IMAGE:
        if output.layer_id is None:
            raise NotSupported(details=("This result is not drawn on the map.",))
        opened = await ask.service.open(ask.job(card.name))
        asked = _picture_of(ask.parameters, ask.job(card.name), opened.card, state, output)
        with refused_filters_told(asked):
            return await drawn_response(ask.request, opened, asked)
    geojson_url = f"{ask.job_url(card.name, found.name, state.job_id)}/results/{quote(output.name)}?f={GEOJSON}"
    shown = {
        "crumbs": job_crumbs(ask, card, found),
        "is_records": output.data_type in (FEATURE_TYPE, RECORD_TYPE),
        "geojson_url": geojson_url if output.data_type == FEATURE_TYPE else None,
    }
    return Answer(await result_document(ask, card, state, output), "value", shown)


async def result_document(ask: Ask, card: ServiceCard, state: JobCard, output: ResultCard) -> Json:
    """An output with its value.  Raises ResultNotFound for a dataset of which nothing can be shown, in the words for it."""
    if output.data_type == RECORD_TYPE:
        told = await result_rows(ask, await ask.service.open(ask.job(card.name)), output)
        return value_document(output, record_set() if told is None else set_document(told, has_shapes=False))
    if output.layer_id is None:
        return value_document(output, _undrawn_value(output))
    opened = await _open(ask, card, output)
    if _asks_for_picture(ask.parameters) or output.data_type in RASTER_TYPES:
        return value_document(output, await _map_image(ask, opened, state, output))
    told = await result_features(ask, opened, state, output)
    return value_document(output, _drawn_value(output, opened.card) if told is None else set_document(told, has_shapes=True))


async def _geojson(ask: Ask, card: ServiceCard, state: JobCard, output: ResultCard) -> Json:
    """The features of an output alone, without anything around them.  Raises InvalidFormat for outputs that have none."""
    if output.data_type != FEATURE_TYPE:
        raise InvalidFormat("This result has no features: ask for it with f=json.")
    if output.layer_id is None:
        return unseen_geojson()
    told = await result_features(ask, await _open(ask, card, output), state, output)
    return unseen_geojson() if told is None else geojson_document(told)


async def _open(ask: Ask, card: ServiceCard, output: ResultCard) -> OpenMap:
    """The map of the job.  Raises ResultNotFound for an output that cannot be read: clients would take that for too many."""
    opened = await ask.service.open(ask.job(card.name))
    fault = next((layer.fault for layer in opened.card.layers if layer.id == output.layer_id), None)
    if fault:
        raise ResultNotFound(fault)
    return opened


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


async def _map_image(ask: Ask, opened: OpenMap, state: JobCard, output: ResultCard) -> Json:
    asked = _picture_of(ask.parameters, ask.job(opened.card.service.name), opened.card, state, output)
    with refused_filters_told(asked):
        return {"mapImage": announce(ask, asked, await opened.draw(asked))}


def _picture_of(parameters: Parameters, job: JobRequest, the_map: MapCard, state: JobCard, output: ResultCard) -> MapRequest:
    """This output's layer alone, of the box asked for, or where it lies in the reference that the job was submitted with."""
    layer = next((one for one in the_map.layers if one.id == output.layer_id), None)
    if "bbox" not in parameters:
        framed = around if layer and layer.kind == "vector" else with_area
        box = extent(framed((layer.home if layer else None) or the_map.home, the_map.crs), the_map.crs)
        others = {name: value for name, value in parameters.values.items() if name not in _NOT_OURS}
        wanted = {"imagesr": json.dumps(spatial_reference(state.out_crs))} if state.out_crs else {}
        parameters = Parameters({**wanted, **others, "bbox": json.dumps(box)})
    asked = parse_export(parameters, job, the_map)
    return replace(asked, layers=LayerChoice(LayerMode.SHOW, (output.layer_id or 0,)))
