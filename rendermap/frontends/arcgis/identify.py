"""Answers of identify: what stands at a place of the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rendermap.errors import NotSupported
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.feature_documents import attributes_of, value_text
from rendermap.frontends.arcgis.geometries import GEOMETRY_TYPES, geometry_document
from rendermap.frontends.arcgis.identify_params import parse_identify
from rendermap.frontends.arcgis.maps import crumbs_of, open_map
from rendermap.frontends.arcgis.query_params import parse_flag
from rendermap.frontends.arcgis.spatial import Json, spatial_reference
from rendermap.frontends.arcgis.vocabulary import IDENTIFY, names_of
from rendermap.frontends.kvp import Parameters
from rendermap.frontends.negotiation import Form
from rendermap.reply import CellHit, FieldCard, Hit, Hits

NO_DATA = "NoData"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BAND_NAMES = ("Red", "Green", "Blue")
_PRO_PREFIXES = {"stretch": "Stretch", "classes": "Classify", "values": "UniqueValue", "bands": "RGB"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """How attributes are spelled.  by_name: by fields' names, else by their aliases.  is_plain: values as they are, else as text.

    raster_keys: ``pro`` or ``classic``.
    """

    by_name: bool = False
    is_plain: bool = False
    raster_keys: str = "pro"
    with_places: bool = True


async def identify(ask: Ask) -> Answer:
    """What stands at a place; for people who ask for nothing yet, the form to ask with."""
    opened = await open_map(ask)
    card = opened.card
    if all(layer.access == "view" for layer in card.layers if layer.kind != "group"):
        raise NotSupported
    shown: dict[str, object] = {
        "crumbs": crumbs_of(ask, card), "title": "Identify", "fields": names_of(IDENTIFY), "given": ask.parameters.values,
    }  # fmt: skip
    if ask.form is Form.HTML and "geometry" not in ask.parameters:
        return Answer({}, "query", shown)
    spelling = _parse_spelling(ask.parameters, card.service.raster_identify_keys)
    asked = parse_identify(ask.parameters, ask.job(card.service.name), card)
    return Answer(identify_document(await opened.identify(asked), spelling), "query", shown)


def _parse_spelling(parameters: Parameters, raster_keys: str) -> Spelling:
    by_name, is_plain = (parse_flag(parameters, name) for name in ("returnFieldName", "returnUnformattedValues"))
    return Spelling(by_name, is_plain, raster_keys, parse_flag(parameters, "returnGeometry", otherwise=True))


def identify_document(hits: Hits, spelling: Spelling) -> Json:
    """What an identify answers."""
    return {
        "results": [_cell_result(one, spelling) if isinstance(one, CellHit) else _feature_result(one, spelling) for one in hits.found],
        "exceededTransferLimit": hits.is_more,
    }


def _feature_result(hit: Hit, spelling: Spelling) -> Json:
    values = attributes_of(hit.fields, hit.feature.values)
    texts = {card.name: _text_of(card, values[card.name]) for card in hit.fields}
    keys = {card.name: card.name for card in hit.fields} if spelling.by_name else _aliases(hit.fields)
    told = values if spelling.is_plain else texts
    document: Json = {
        "layerId": hit.layer_id,
        "layerName": hit.layer_name,
        "displayFieldName": hit.display_field if spelling.by_name else keys.get(hit.display_field, ""),
        "value": texts.get(hit.display_field, ""),
        "attributes": {keys[name]: value for name, value in told.items()},
        "geometryType": GEOMETRY_TYPES[hit.geometry],
    }
    if hit.feature.shape is None:
        return document
    return {**document, "geometry": {**geometry_document(hit.feature.shape), "spatialReference": spatial_reference(hit.crs)}}


def _aliases(fields: Sequence[FieldCard]) -> dict[str, str]:
    """What each field is shown as; those of one alias keep their names, or one would hide the other."""
    counted = Counter(card.alias or card.name for card in fields)
    taken = {card.name for card in fields}
    return {
        card.name: card.alias if card.alias and counted[card.alias] == 1 and card.alias not in taken - {card.name} else card.name
        for card in fields
    }


def _text_of(card: FieldCard, value: object) -> str:
    if card.kind == "date" and isinstance(value, int | float):
        return (_EPOCH + timedelta(milliseconds=value)).strftime("%Y-%m-%d %H:%M:%S")
    return value_text(value)


def _cell_result(hit: CellHit, spelling: Spelling) -> Json:
    value = ", ".join(map(value_text, hit.values)) or NO_DATA
    document: Json = {
        "layerId": hit.layer_id,
        "layerName": hit.layer_name,
        "displayFieldName": "",
        "value": value,
        "attributes": dict(_cell_attributes(hit, value, spelling.raster_keys)),
        "geometryType": "esriGeometryPoint",
    }
    place = {"x": hit.x, "y": hit.y, "spatialReference": spatial_reference(hit.crs)}
    return {**document, "geometry": place} if spelling.with_places else document


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
