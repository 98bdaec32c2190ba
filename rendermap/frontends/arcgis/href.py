"""Addresses of pictures: a signed path that holds the whole question, so that any replica can answer it without a memory.

An address is deterministic, carries no query string (esri-leaflet appends one blindly) and names the version it was made from.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from rendermap.access.grant import Principal
from rendermap.access.keyring import KeyRing, SignatureInvalid
from rendermap.errors import NotFound, TooCostly
from rendermap.geo.bbox import BBox
from rendermap.geo.view import MapView
from rendermap.limits import HREF_CHARS
from rendermap.request import ComposedLayer, JobRequest, LayerChoice, LayerMode, MapRequest, TimeSpan

_PREFIX = "map_"
"""Tokens may begin with a dot, and web servers like to hide such files."""

PURPOSE = "arcgis.picture.3"
"""Changed with the fields: addresses that an older version signed are unknown, not misread."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A picture that was announced.  digest: of the picture drawn when the address was made."""

    request: MapRequest
    digest: str


def to_token(file: OutputFile, ring: KeyRing) -> str:
    """The address's last segment, without suffix.  Raises TooCostly when filters make it longer than URLs may be."""
    asked, view = file.request, file.request.view
    token = ring.sign(
        PURPOSE,
        [
            asked.job.service,
            asked.job.job_id,
            view.bbox.corners,
            view.crs,
            [view.width_px, view.height_px, view.pixel_ratio],
            [asked.layers.mode.value, asked.layers.ids],
            asked.format,
            asked.background,
            asked.filters,
            asked.rotation_deg,
            None if asked.composition is None else [astuple(layer) for layer in asked.composition],
            None if asked.time is None else astuple(asked.time),
            file.digest,
        ],
    )
    if len(token) > HREF_CHARS.value:
        raise TooCostly(f"The filters are too long: ask with f=image. {HREF_CHARS.sentence}")
    return _PREFIX + token


def from_token(token: str, ring: KeyRing, principal: Principal) -> OutputFile:
    """What a token asks for, in the name of whoever follows it.  Raises NotFound for one we did not sign."""
    try:
        fields: list[Any] = ring.read(PURPOSE, token.removeprefix(_PREFIX))
    except SignatureInvalid as error:
        raise NotFound from error
    (
        service,
        job_id,
        bbox,
        crs,
        (width_px, height_px, ratio),
        (mode, ids),
        format_,
        background,
        filters,
        rotation_deg,
        composition,
        time,
        digest,
    ) = fields
    asked = MapRequest(
        JobRequest(service, job_id, principal),
        MapView(BBox(*bbox), crs, width_px, height_px, ratio),
        LayerChoice(LayerMode(mode), tuple(ids)),
        format_,
        None if background is None else (background[0], background[1], background[2]),
        tuple((layer, where) for layer, where in filters),
        rotation_deg=rotation_deg,
        composition=None if composition is None else tuple(ComposedLayer(*layer) for layer in composition),
        time=None if time is None else TimeSpan(time[0], time[1], tuple(time[2]), tuple(time[3])),
    )
    return OutputFile(asked, digest)


def folder_of(service: str) -> str:
    """The folder below ``arcgisoutput`` that a service's pictures seem to lie in."""
    return f"{service}_MapServer"
