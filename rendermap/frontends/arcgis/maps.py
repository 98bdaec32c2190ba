"""Answers of the map side: ``MapServer/jobs/<jobId>`` and its job-less template."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from rendermap.errors import BadRequest, LayerNotFound, NotFound, NotSupported
from rendermap.frontends.arcgis.ask import Answer, Ask
from rendermap.frontends.arcgis.clock import asks_clock
from rendermap.frontends.arcgis.href import OutputFile, folder_of, from_token, to_token
from rendermap.frontends.arcgis.map_documents import (
    layer_document,
    layers_document,
    legend_document,
    picture_document,
    root_document,
    swatch_named,
    transparency_document,
)
from rendermap.frontends.arcgis.params import DEFAULT_SWATCH_PX, parse_composition, parse_export, parse_pixel_ratio, parse_swatch_size
from rendermap.frontends.arcgis.question_forms import SHOWN_PX, export_form, whole_view
from rendermap.frontends.arcgis.spatial import Json, box_text, scale_of, to_esri_scale
from rendermap.frontends.identity import VARY
from rendermap.frontends.kvp import Checks, Parameters, parameters_of
from rendermap.frontends.leases import note_shown
from rendermap.frontends.links import jobs_page
from rendermap.frontends.negotiation import Form
from rendermap.frontends.responses import PRIVATE, Keep, drawn_response, picture_response, unchanged_response
from rendermap.geo.bbox import BBox, union
from rendermap.geo.view import MapView
from rendermap.imaging.formats import FORMATS
from rendermap.reply import LayerCard, LegendLayer, MapCard, Picture
from rendermap.request import ComposedLayer, LegendRequest, MapRequest
from rendermap.service import OpenMap, OpenTemplate

_SWATCH_NAME = re.compile(r"(?P<digest>[0-9a-f]{24})(?:-(?P<width>\d{1,3})x(?P<height>\d{1,3})-(?P<dpi>[\d.]{1,8}))?")


async def open_map(ask: Ask) -> OpenMap | OpenTemplate:
    """The map of the address's job, or the template."""
    if ask.address.job_id is None:
        return await ask.service.open_template(ask.address.service, ask.principal)
    return await ask.service.open(ask.job(ask.address.service))


async def map_card(ask: Ask) -> MapCard:
    """What that map is."""
    return (await open_map(ask)).card


def layer_of(card: MapCard, layer_id: int | None) -> LayerCard:
    """The layer of an id.  Raises LayerNotFound."""
    found = next((one for one in card.layers if one.id == layer_id), None)
    if found is None:
        raise LayerNotFound
    return found


def crumbs_of(ask: Ask, card: MapCard) -> tuple[tuple[str, str], ...]:
    """The pages above a map's."""
    map_url = ask.map_url(card.service.name, card.job_id)
    return (*ask.crumbs(card.service.name), (card.job_id or "MapServer", map_url))


async def root(ask: Ask) -> Answer | Response:
    """The root; with f=image an export, because OpenLayers sends that here."""
    if ask.form is Form.IMAGE:
        return await export(ask)
    card = await map_card(ask)
    alias = ask.alias_url(card.service.name, card.job_id) if card.job_id else None
    faults = {layer.id: layer.fault for layer in card.layers}
    map_url = ask.map_url(card.service.name, card.job_id)
    page_url = ask.page_url(card.service.name, card.job_id)
    view = {"bbox": box_text(whole_view(card.home, card.crs))}
    shown = {"map_url": map_url, "page_url": page_url, "alias": alias, "faults": faults, "view": view, "crumbs": crumbs_of(ask, card)}
    return Answer(root_document(card, alias), "map", shown | _ways_to_a_job(ask, card))


def _ways_to_a_job(ask: Ask, card: MapCard) -> dict[str, object]:
    """For the page of the template, which has nothing to show by itself."""
    name = card.service.name
    return {
        "is_template": card.job_id is None,
        "jobs_url": jobs_page(ask.request, name),
        "tasks_url": ask.task_url(name),
    }


async def layers(ask: Ask) -> Answer:
    """All layers in full."""
    opened = await open_map(ask)
    card = opened.card
    map_url = ask.map_url(card.service.name, card.job_id)
    document = layers_document(card, await _drawing_infos(opened))
    return Answer(document, "layers", {"map_url": map_url, "crumbs": crumbs_of(ask, card)})


async def layer(ask: Ask) -> Answer:
    """One layer in full."""
    opened = await open_map(ask)
    card = opened.card
    found = layer_of(card, ask.address.layer)
    infos = await _drawing_infos(opened)
    shown = await _shown_of_layer(ask, opened, found) if ask.form is Form.HTML else {}
    return Answer(layer_document(card, found, infos.get(found.id)), "layer", shown)


async def _shown_of_layer(ask: Ask, opened: OpenMap | OpenTemplate, layer: LayerCard) -> dict[str, object]:
    """What a layer looks like, and the forms that have it in them already."""
    card = opened.card
    name, job_id = card.service.name, card.job_id
    ids, box = (layer.id, *layer.children), _box_of(layer, card)
    legend = legend_document([one for one in await _legend_layers(ask, opened, 1.0, DEFAULT_SWATCH_PX) if one.id in ids])
    return {
        "crumbs": crumbs_of(ask, card),
        "map_url": ask.map_url(name, job_id),
        "url": ask.layer_url(name, job_id, layer.id),
        "view": {"bbox": box_text(box), "layers": f"show:{layer.id}"},
        "scale": _drawn_scale(layer, MapView(box, card.crs, *SHOWN_PX)),
        "has_picture": job_id is not None and layer.fault is None,
        "legend": legend["layers"],
    }


def _box_of(layer: LayerCard, card: MapCard) -> BBox:
    """Where a layer's picture is of; a group's of its layers."""
    boxes = [one.home for one in card.layers if one.home and one.id in (layer.id, *layer.children)]
    return whole_view(union(boxes) if boxes else card.home, card.crs)


def _drawn_scale(layer: LayerCard, view: MapView) -> float:
    """The scale of a layer's picture where it is not drawn at that of the view; else 0."""
    scale = scale_of(view)
    farthest, nearest = (to_esri_scale(bound) for bound in (layer.min_scale_denominator, layer.max_scale_denominator))
    return farthest * 0.99 if farthest and scale > farthest else nearest * 1.01 if scale < nearest else 0


async def _drawing_infos(opened: OpenMap | OpenTemplate) -> dict[int, Json]:
    """How the layers look, of those whose symbology may be told, and how transparent all are that may be asked about."""
    faint = {layer: transparency_document(opacity) for layer, opacity in opened.opacities.items() if opacity < 1}
    return {**faint, **await _told_styles(opened)}


async def _told_styles(opened: OpenMap | OpenTemplate) -> dict[int, Json]:
    """Ten thousand classes take a while to write: not on the loop."""
    written = await asyncio.to_thread(opened.styles_in, "drawing_info")
    return {layer: document for layer, document in written.items() if isinstance(document, dict)}


async def unsupported(ask: Ask) -> Answer:
    """Everything that would hand out more than a picture, of a map that exists."""
    await map_card(ask)
    raise NotSupported


# --- pictures ------------------------------------------------------------------------------------------------------------


async def export(ask: Ask) -> Answer | Response:
    """A picture, or where it is and what it shows."""
    opened = await open_map(ask)
    card = opened.card
    if ask.form is Form.HTML:
        return await _export_page(ask, opened)
    asked = parse_export(ask.parameters, ask.job(card.service.name), card)
    with refused_filters_told(asked):
        if ask.form is Form.IMAGE:
            return await _shown_response(ask, opened, asked)
        return Answer(await _drawn_document(ask, opened, asked), "export")


async def _export_page(ask: Ask, opened: OpenMap | OpenTemplate) -> Answer:
    """The picture and the form to have another one; of the whole map, and of what fits a page, where nothing else is said."""
    card = opened.card
    usual = {"bbox": box_text(whole_view(card.home, card.crs)), "size": f"{SHOWN_PX[0]},{SHOWN_PX[1]}"}
    given = ask.parameters.values if "bbox" in ask.parameters else {**usual, **ask.parameters.values}
    shown = {"crumbs": crumbs_of(ask, card), "title": "Export", "form": export_form(card, given), "faults": ()}
    try:
        asked = parse_export(Parameters(given), ask.job(card.service.name), card)
        with refused_filters_told(asked):
            return Answer(await _drawn_document(ask, opened, asked), "export", shown)
    except BadRequest as fault:
        return Answer({}, "export", {**shown, "faults": fault.faults}, 400)


async def _drawn_document(ask: Ask, opened: OpenMap | OpenTemplate, asked: MapRequest) -> Json:
    """Where the picture is.  An address too long is refused before anything is drawn."""
    to_token(OutputFile(asked, opened.digest_of(asked)), ask.ring)
    return announce(ask, asked, await opened.draw(asked))


async def _shown_response(ask: Ask, opened: OpenMap | OpenTemplate, asked: MapRequest) -> Response:
    if any(asks_clock(ask.parameters.get(name)) for name in ("layerdefs", "dynamiclayers")):
        return await drawn_response(ask.request, opened, asked, Keep(max_age_s=0))
    unchanged, job = unchanged_response(ask.request, opened, asked), ask.job(ask.address.service)
    if unchanged is not None:
        note_shown(ask.request, job, opened, None)
        return unchanged
    picture = await opened.draw(asked)
    note_shown(ask.request, job, opened, picture)
    return picture_response(ask.request, picture)


def swatch_headers(is_public: bool) -> dict[str, str]:
    """A swatch's name is its content's."""
    return {"Cache-Control": "public, max-age=86400" if is_public else PRIVATE, "Vary": VARY, "X-Content-Type-Options": "nosniff"}


@contextmanager
def refused_filters_told(asked: MapRequest) -> Iterator[None]:
    """Says that it is the filters when a layer that may only be seen takes none."""
    try:
        yield
    except NotSupported as error:
        if not asked.filters or error.details or error.sentence != NotSupported.sentence:
            raise
        raise NotSupported(details=("Filters are not allowed on this layer.",), reason=error.reason) from error


def announce(ask: Ask, asked: MapRequest, picture: Picture) -> Json:
    """Where a picture can be fetched from, and what it shows."""
    token = to_token(OutputFile(asked, picture.digest), ask.ring)
    file = f"{token}.{FORMATS[asked.format].suffix}"
    href = ask.url("directories", "arcgisoutput", folder_of(asked.job.service), file)
    return picture_document(href, asked.view)


async def output_file(ask: Ask) -> Response:
    """The picture of an address we signed, drawn again or from the cache.  It may be kept for good while the data is the same."""
    token, _, suffix = ask.address.item.rpartition(".")
    file = from_token(token, ask.ring, ask.principal)
    is_ours = folder_of(file.request.job.service).casefold() == ask.address.service.casefold()
    if not is_ours or suffix != FORMATS[file.request.format].suffix:
        raise NotFound
    job = file.request.job
    opened = await (ask.service.open(job) if job.job_id else ask.service.open_template(job.service, job.principal))
    is_same = opened.digest_of(file.request) == file.digest
    return await drawn_response(ask.request, opened, file.request, Keep(immutable=is_same))


# --- legend --------------------------------------------------------------------------------------------------------------


async def legend(ask: Ask) -> Answer:
    """The legend.  ``dpi`` and ``size`` are of the swatches."""
    opened = await open_map(ask)
    checks = Checks()
    ratio = checks.read(lambda: parse_pixel_ratio(ask.parameters), 1.0)
    size = checks.read(lambda: parse_swatch_size(ask.parameters), DEFAULT_SWATCH_PX)
    composition = checks.read(lambda: parse_composition(ask.parameters), None)
    checks.finish()
    suffix = "" if (ratio, size) == (1.0, DEFAULT_SWATCH_PX) else f"-{size[0]}x{size[1]}-{ratio * 96:g}"
    # a composed map's layers have ids of their own
    told = frozenset(await _told_styles(opened)) if composition is None else frozenset[int]()
    document = legend_document(await _legend_layers(ask, opened, ratio, size, composition), suffix, told)
    return Answer(document, "legend", {"crumbs": crumbs_of(ask, opened.card)})


async def _legend_layers(
    ask: Ask,
    opened: OpenMap | OpenTemplate,
    ratio: float,
    size: tuple[int, int],
    composition: tuple[ComposedLayer, ...] | None = None,
) -> tuple[LegendLayer, ...]:
    job = ask.job(opened.card.service.name)
    return await opened.legend(LegendRequest(job, pixel_ratio=ratio, swatch_px=size, composition=composition, is_opaque=True))


async def swatch(ask: Ask) -> Response:
    """One swatch by the name the legend gave it."""
    match = _SWATCH_NAME.fullmatch(ask.address.item)
    if match is None:
        raise NotFound
    opened = await open_map(ask)
    size = f"{match['width']},{match['height']}" if match["width"] else ""
    asked = parameters_of([("dpi", match["dpi"] or ""), ("size", size)])
    found = await _legend_layers(ask, opened, parse_pixel_ratio(asked), parse_swatch_size(asked))
    body = swatch_named(found, ask.address.layer or 0, match["digest"])
    if body is None:
        raise NotFound
    return Response(body, media_type="image/png", headers=swatch_headers(opened.is_public))
