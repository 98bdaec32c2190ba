"""f=, Accept and suffix -> the form of an answer and the format of a picture."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from rendermap.errors import InvalidFormat
from rendermap.imaging.formats import FORMATS, Format, format_of_esri, format_of_media_type


class Form(StrEnum):
    """How an answer is written."""

    HTML = "html"
    JSON = "json"
    PJSON = "pjson"
    IMAGE = "image"


def form_of(f: str | None, offered: Iterable[str] = Form) -> Form:
    """The form an ``f`` parameter names, in any case; a page when it is absent.

    offered: what a resource has.  Raises InvalidFormat with all of it for anything else.
    """
    if f is None:
        return Form.HTML
    names, word = tuple(offered), f.strip().lower()
    if word not in names or word not in tuple(Form):
        raise InvalidFormat(f"'f' must be one of {', '.join(names)}.")
    return Form(word)


def format_of(name: str) -> Format:
    """The picture format of a name in any protocol's words: ours, Esri's, a suffix or a media type.  Raises InvalidFormat."""
    word = name.strip().lower()
    found = FORMATS.get(word) or format_of_esri(word) or format_of_media_type(word) or _format_of_suffix(word)
    if found is None:
        raise InvalidFormat(f"'format' must be one of {', '.join(accepted_names())}.")
    return found


def accepted_names() -> tuple[str, ...]:
    """Every format by a name it may be asked for: Esri's, ours where Esri has none."""
    return tuple(dict.fromkeys(name for row in FORMATS for name in row.esri or (row.name.upper(),)))


def esri_names() -> tuple[str, ...]:
    """The names ArcGIS REST knows our formats by, plain ``PNG`` among them: QGIS takes the first its Qt can decode."""
    return tuple(dict.fromkeys(name for row in FORMATS for name in row.esri))


def _format_of_suffix(suffix: str) -> Format | None:
    return next((row for row in FORMATS if row.suffix == suffix.lstrip(".")), None)
