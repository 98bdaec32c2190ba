"""Answers of identify: what stands at a place of the picture."""

from __future__ import annotations

from rendermap.errors import NotSupported
from rendermap.frontends.arcgis.answer_tables import readable_results
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.geometries import GEOMETRY_TYPES, geometry_document
from rendermap.frontends.arcgis.identify_params import parse_identify
from rendermap.frontends.arcgis.maps import crumbs_of, open_map
from rendermap.frontends.arcgis.query_params import parse_flag
from rendermap.frontends.arcgis.question_forms import identify_form
from rendermap.frontends.arcgis.question_pages import answer_page, asking_page
from rendermap.frontends.arcgis.spatial import Json, spatial_reference
from rendermap.frontends.arcgis.spelling import Spelling, parse_spelling, text_of, value_text
from rendermap.frontends.negotiation import Form
from rendermap.reply import CellHit, Hit, Hits

NO_DATA = "NoData"
_BAND_NAMES = ("Red", "Green", "Blue")
_PRO_PREFIXES = {"stretch": "Stretch", "classes": "Classify", "values": "UniqueValue", "bands": "RGB"}


async def identify(ask: Ask) -> Answer:
    """What stands at a place; for people who ask for nothing yet, the form to ask with."""
    opened = await open_map(ask)
    card = opened.card
    if all(layer.access == "view" for layer in card.layers if layer.kind != "group"):
        raise NotSupported
    is_asked = "geometry" in ask.parameters
    form = identify_form(card, ask.parameters.values, is_asked=is_asked)
    page_url = ask.page_url(card.service.name, card.job_id)
    shown = {"crumbs": crumbs_of(ask, card), "title": "Identify", "page_url": page_url}
    if ask.form is Form.HTML and not is_asked:
        return asking_page(form, shown)

    async def answer() -> Json:
        spelling, with_places = parse_spelling(ask.parameters), parse_flag(ask.parameters, "returnGeometry", otherwise=True)
        asked = parse_identify(ask.parameters, ask.job(card.service.name), card)
        return identify_document(await opened.identify(asked), spelling, card.service.raster_identify_keys, with_places=with_places)

    return await answer_page(ask, form, shown, answer, readable_results)


def identify_document(hits: Hits, spelling: Spelling, raster_keys: str, *, with_places: bool) -> Json:
    """What an identify answers.  raster_keys: ``pro`` or ``classic``.  with_places: of cells."""

    def result(one: Hit | CellHit) -> Json:
        return _cell_result(one, raster_keys, with_place=with_places) if isinstance(one, CellHit) else _feature_result(one, spelling)

    return {"results": list(map(result, hits.found)), "exceededTransferLimit": hits.is_more}


def _feature_result(hit: Hit, spelling: Spelling) -> Json:
    texts = {card.name: text_of(card, value) for card, value in zip(hit.fields, hit.feature.values, strict=True)}
    document: Json = {
        "layerId": hit.layer_id,
        "layerName": hit.layer_name,
        "displayFieldName": spelling.keys(hit.fields).get(hit.display_field, ""),
        "value": texts.get(hit.display_field, ""),
        "attributes": spelling.attributes(hit.fields, hit.feature.values),
        "geometryType": GEOMETRY_TYPES[hit.geometry],
    }
    if hit.feature.shape is None:
        return document
    return {**document, "geometry": {**geometry_document(hit.feature.shape), "spatialReference": spatial_reference(hit.crs)}}


def _cell_result(hit: CellHit, raster_keys: str, *, with_place: bool) -> Json:
    value = ", ".join(map(value_text, hit.values)) or NO_DATA
    document: Json = {
        "layerId": hit.layer_id,
        "layerName": hit.layer_name,
        "displayFieldName": "",
        "value": value,
        "attributes": dict(_cell_attributes(hit, value, raster_keys)),
        "geometryType": "esriGeometryPoint",
    }
    place = {"x": hit.x, "y": hit.y, "spatialReference": spatial_reference(hit.crs)}
    return {**document, "geometry": place} if with_place else document


def _cell_attributes(hit: CellHit, value: str, raster_keys: str) -> list[tuple[str, str]]:
    """Popups in use know one spelling or the other, and list all keys: only one is given."""
    is_pro = raster_keys == "pro"
    prefix = f"{_PRO_PREFIXES[hit.theme]}." if is_pro else ""
    told = [(f"{prefix}Pixel Value", value)]
    if hit.theme in ("classes", "values") and hit.values:
        told.append((f"{prefix}Class Label" if is_pro else "Class value", hit.label))
    if hit.theme == "bands" and len(hit.values) == len(_BAND_NAMES):
        told += [(prefix + name, value_text(band)) for name, band in zip(_BAND_NAMES, hit.values, strict=True)]
    return told
