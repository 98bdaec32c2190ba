"""Answers of query and find, and the features of a job's results."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from rendermap.errors import InvalidParameter, NotSupported
from rendermap.frontends.arcgis.answer_tables import readable_query, readable_results
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.feature_documents import find_document, geojson_document, query_document
from rendermap.frontends.arcgis.maps import crumbs_of, layer_of, open_map
from rendermap.frontends.arcgis.query_params import is_geojson, parse_find, parse_flag, parse_query
from rendermap.frontends.arcgis.question_forms import find_form, query_form
from rendermap.frontends.arcgis.question_pages import answer_page, asking_page
from rendermap.frontends.arcgis.spatial import Json
from rendermap.frontends.arcgis.spelling import parse_spelling
from rendermap.frontends.negotiation import Form
from rendermap.reply import Features, JobCard, MapCard, ResultCard
from rendermap.request import FeaturesRequest, Wanted
from rendermap.service import OpenMap

_ASKING = ("where", "text", "objectids", "geometry", "outstatistics")


async def query(ask: Ask) -> Answer | Response:
    """Features of a layer; for people who ask for nothing yet, the form to ask with."""
    opened = await open_map(ask)
    card = opened.card
    layer = layer_of(card, ask.address.layer)
    if layer.kind != "vector" and any(one.access == "data" for one in card.layers):
        raise InvalidParameter("Invalid or missing input parameters.", details=("Only feature layers can be queried.",))
    if layer.access != "data":
        raise NotSupported
    is_asked = any(name in ask.parameters for name in _ASKING)
    form = query_form(card, layer, ask.parameters.values, is_asked=is_asked)
    shown = {
        "crumbs": (*crumbs_of(ask, card), (layer.name, ask.layer_url(card.service.name, card.job_id, layer.id))),
        "title": f"Query: {layer.name}",
    }
    if ask.form is Form.HTML and not is_asked:
        return asking_page(form, shown)

    async def answer() -> Json:
        if not is_asked:
            raise InvalidParameter("'where', 'text', 'objectIds', 'geometry' or 'outStatistics' is required.")
        asked = parse_query(ask.parameters, ask.job(card.service.name), card, layer)
        found = await opened.features(asked)
        if asked.wanted in (Wanted.DISTINCT, Wanted.STATISTICS) and parse_flag(ask.parameters, "returnCountOnly"):
            return query_document(found, Wanted.COUNT)
        if found.is_more and not parse_flag(ask.parameters, "returnExceededLimitFeatures", otherwise=True):
            found = replace(found, features=())
        if is_geojson(ask.parameters) and asked.wanted in (Wanted.FEATURES, Wanted.DISTINCT, Wanted.STATISTICS):
            return geojson_document(found)
        return query_document(found, asked.wanted)

    return await answer_page(ask, form, shown, answer, readable_query)


async def find(ask: Ask) -> Answer:
    """Features of several layers that hold a text."""
    opened = await open_map(ask)
    card = opened.card
    if not any(layer.access == "data" for layer in card.layers):
        raise NotSupported
    is_asked = "searchtext" in ask.parameters
    form = find_form(card, ask.parameters.values, is_asked=is_asked)
    shown = {"crumbs": crumbs_of(ask, card), "title": "Find"}
    if ask.form is Form.HTML and not is_asked:
        return asking_page(form, shown)

    async def answer() -> Json:
        spelling, asked = parse_spelling(ask.parameters), parse_find(ask.parameters, ask.job(card.service.name), card)
        return find_document(await opened.find(asked), spelling)

    return await answer_page(ask, form, shown, answer, readable_results)


async def result_features(ask: Ask, opened: OpenMap, job: JobCard, output: ResultCard) -> Features | None:
    """The features of a result as whoever submitted the job wanted them, unless asked otherwise; None where they may not be told."""
    card = opened.card
    layer = next((one for one in card.layers if one.id == output.layer_id), None)
    if layer is None or layer.kind != "vector" or layer.access != "data" or layer.fault:
        return None
    asked = parse_query(ask.parameters, ask.job(card.service.name), card, layer)
    out_crs = asked.out_crs or job.out_crs
    with_z = asked.with_z if "returnz" in ask.parameters else job.with_z
    wanted = FeaturesRequest(asked.job, layer.id, out_crs=out_crs, with_z=with_z, decimals=asked.decimals)
    return _within_limit(await opened.features(wanted), card)


async def result_rows(ask: Ask, opened: OpenMap, output: ResultCard) -> Features | None:
    """The rows of a result that is a table, all that one answer may hold; None where they may not be told."""
    found = await opened.rows(output.name, ask.job(opened.card.service.name))
    return _within_limit(found, opened.card) if found else None


def _within_limit(found: Features, card: MapCard) -> Features:
    """Without its features where there are more than one answer may hold, unless the service truncates."""
    return replace(found, features=()) if found.is_more and card.service.over_limit == "empty" else found
