"""The forms that people ask a map with: a field for each parameter, filled in from the map as far as it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rendermap.frontends.arcgis.fields import FormField
from rendermap.frontends.arcgis.spatial import around, box_text
from rendermap.frontends.arcgis.vocabulary import EXPORT, FIND, IDENTIFY, QUERY, SCHEMAS, TITLES, Words, is_flag
from rendermap.frontends.negotiation import esri_names
from rendermap.geo.bbox import BBox, fit_aspect
from rendermap.reply import LayerCard, MapCard
from rendermap.request import Depth

SHOWN_PX = (640, 420)
_MOST_NAMED = 40
_TRUE_UNLESS_SAID = ("returnGeometry", "contains", "returnExceededLimitFeatures")
_LONG = ("dynamicLayers", "outStatistics", "layerTimeOptions")
_WIDE = ("bbox", "mapExtent", "where", "searchText", "layerDefs")
_TIMES = ("time", "layerTimeOptions")
_GEOMETRY_TYPES = {
    "esriGeometryPoint": "point",
    "esriGeometryMultipoint": "several points",
    "esriGeometryPolyline": "line",
    "esriGeometryPolygon": "polygon",
    "esriGeometryEnvelope": "box",
}
_RELATIONS = {
    "esriSpatialRelIntersects": "touch the geometry anywhere",
    "esriSpatialRelContains": "lie within the geometry",
    "esriSpatialRelWithin": "hold the geometry",
    "esriSpatialRelCrosses": "cross it",
    "esriSpatialRelOverlaps": "overlap it",
    "esriSpatialRelTouches": "touch its border alone",
    "esriSpatialRelEnvelopeIntersects": "have a box that touches its box",
}
_UNITS = {
    "": "of the geometry",
    "esriSRUnit_Meter": "metres",
    "esriSRUnit_Kilometer": "kilometres",
    "esriSRUnit_Foot": "feet",
    "esriSRUnit_StatuteMile": "miles",
    "esriSRUnit_NauticalMile": "nautical miles",
}
_DEPTHS = {
    Depth.TOP.value: "the topmost with anything there",
    Depth.VISIBLE.value: "all that are drawn",
    Depth.ALL.value: "all, also those not drawn",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One parameter of a form.  title: what it is called.  hint: what may be written.  width: ``wide``, ``whole`` or usual."""

    name: str
    title: str
    hint: str
    field: FormField
    width: str = ""


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """few: what most questions are made of.  more: the rest.  given: what stands in the fields, by names in lower case.

    is_open: the rest is shown at once, because some of it was said.
    """

    few: tuple[Question, ...]
    more: tuple[Question, ...]
    given: Mapping[str, str]
    is_open: bool


def query_form(card: MapCard, layer: LayerCard, given: Mapping[str, str], *, is_asked: bool) -> QuestionForm:
    """The form to query a layer."""
    names = [card.name if card.name.isidentifier() else f'"{card.name}"' for card in layer.fields]
    order = {"": "as they come", **{name + turned: name + words for name in names for turned, words in (("", ""), (" DESC", ", falling"))}}
    fields = {
        "where": FormField("text", "1=1", example="depth > 2", hint=_listed("Fields", names)),
        "outFields": FormField("text", "*", example="*"),
        "orderByFields": _choice(order),
        "geometryType": _choice(_GEOMETRY_TYPES, "esriGeometryEnvelope"),
        "spatialRel": _choice(_RELATIONS),
        "units": _choice(_UNITS),
    }
    few = ("where", "outFields", "orderByFields", "resultRecordCount", "returnCountOnly")
    return _form(_timed(QUERY, card), few, fields, given, is_asked=is_asked)


def find_form(card: MapCard, given: Mapping[str, str], *, is_asked: bool) -> QuestionForm:
    """The form to look for a text."""
    layers = [layer for layer in card.layers if layer.access == "data"]
    fields = {
        "searchText": FormField("text"),
        "contains": _choice({"true": "somewhere in the value", "false": "as the whole value"}),
        "layers": _choice(_all_and_each(layers)),
    }
    return _form(FIND, ("searchText", "contains", "layers", "searchFields"), fields, given, is_asked=is_asked)


def identify_form(card: MapCard, given: Mapping[str, str], *, is_asked: bool) -> QuestionForm:
    """The form to ask what stands at a place: at first in the middle of the whole map."""
    looked_at = whole_view(card.home, card.crs)
    layers = [layer for layer in card.layers if layer.kind != "group" and layer.access != "view"]
    fields = {
        "geometry": FormField("text", ",".join(f"{value:.10g}" for value in looked_at.center)),
        "geometryType": _choice(_GEOMETRY_TYPES),
        "layers": _choice(_DEPTHS | {f"all:{layer.id}": f"only {layer.name}" for layer in layers}),
        "tolerance": FormField("number", "5", step="any"),
        "mapExtent": FormField("text", box_text(looked_at)),
        "imageDisplay": FormField("text", f"{SHOWN_PX[0]},{SHOWN_PX[1]},96"),
    }
    few = ("geometry", "geometryType", "layers", "tolerance", "mapExtent", "imageDisplay")
    return _form(_timed(IDENTIFY, card), few, fields, given, is_asked=is_asked)


def export_form(card: MapCard, given: Mapping[str, str]) -> QuestionForm:
    """The form to have a picture drawn."""
    leaves = [layer for layer in card.layers if layer.kind != "group"]
    layers = {"": "those that are shown at first"}
    if len(leaves) > 1:
        layers[_show(leaves)] = "all"
    layers |= {_show([layer]): f"only {layer.name}" for layer in card.layers}
    formats = [name.lower() for name in esri_names()]
    fields = {
        "bbox": FormField("text"),
        "format": _choice(dict(zip(dict.fromkeys(formats), dict.fromkeys(formats), strict=True)), "png32"),
        "layers": _choice(layers),
    }
    few = ("bbox", "size", "format", "layers", "transparent")
    return _form(_timed(EXPORT, card), few, fields, given, is_asked=True)


def whole_view(box: BBox, crs: str) -> BBox:
    """The box with a margin, at the ratio of pictures on pages."""
    return fit_aspect(around(box, crs), *SHOWN_PX)


def _form(words: Words, few: tuple[str, ...], fields: Mapping[str, FormField], given: Mapping[str, str], *, is_asked: bool) -> QuestionForm:
    """is_asked: what is not given was left empty, so nothing is filled in for it but the choice that holds then."""
    hints = dict(words)
    asked = {name: _question(name, hints[name], fields.get(name), is_asked=is_asked) for name in hints}
    more = tuple(one for name, one in asked.items() if name not in few)
    is_open = any(given.get(one.name.lower(), one.field.value) != one.field.value for one in more)
    return QuestionForm(tuple(asked[name] for name in few), more, given, is_open)


def _question(name: str, hint: str, field: FormField | None, *, is_asked: bool) -> Question:
    field = field or _usual_field(name)
    if is_asked and field.shape != "choice":
        field = replace(field, value="")
    width = "whole" if field.shape == "json" else "wide" if name in _WIDE else ""
    told = (hint, field.hint) if field.shape != "choice" else ()
    return Question(name, TITLES[name], " ".join(told).strip(), field, width)


def _usual_field(name: str) -> FormField:
    schema = SCHEMAS.get(name, {})
    example = str(next(iter(schema.get("examples", ())), ""))
    if is_flag(name):
        return _choice({"true": "yes", "false": "no"}, "true" if name in _TRUE_UNLESS_SAID else "false")
    if schema.get("type") in ("number", "integer"):
        return FormField("number", step="any" if schema["type"] == "number" else "1")
    return FormField("json" if name in _LONG else "text", example=example)


def _choice(words: Mapping[str, str], value: str | None = None) -> FormField:
    """A choice of what the first one is unless told otherwise."""
    return FormField("choice", next(iter(words)) if value is None else value, tuple(words), words=words)


def _all_and_each(layers: list[LayerCard]) -> dict[str, str]:
    every = {",".join(str(layer.id) for layer in layers): "all that may be searched"} if len(layers) > 1 else {}
    return every | {str(layer.id): layer.name for layer in layers}


def _show(layers: Iterable[LayerCard]) -> str:
    return f"show:{','.join(str(layer.id) for layer in layers)}"


def _timed(words: Words, card: MapCard) -> Words:
    """Without what is asked of layers that have a time, where there is none."""
    return words if any(layer.time for layer in card.layers) else tuple(pair for pair in words if pair[0] not in _TIMES)


def _listed(what: str, names: list[str]) -> str:
    more = ", …" if len(names) > _MOST_NAMED else ""
    return f"{what}: {', '.join(names[:_MOST_NAMED])}{more}." if names else ""
