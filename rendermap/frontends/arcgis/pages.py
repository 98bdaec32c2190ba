"""Pages for people who paste an address into a browser; every value on them is escaped."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from rendermap.frontends.arcgis.answer_tables import date_text, readable_query
from rendermap.frontends.links import with_token
from rendermap.frontends.value_words import value_words

_ROOM = "rendermap.frontends.arcgis"


@lru_cache(maxsize=1)
def _style() -> str:
    return files(_ROOM).joinpath("templates/pages.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = PackageLoader(_ROOM, "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    environment.filters["with_token"] = _with_token
    environment.filters["words"] = value_words
    environment.filters["date"] = date_text
    environment.filters["readable"] = readable_query
    return environment


@pass_context
def _with_token(context: Context, address: str) -> str:
    return with_token(address, context["token"])


@lru_cache(maxsize=1)
def content_security_policy() -> str:
    """No script at all, one style sheet known by its digest, our own pictures, and forms that are sent to us."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    own = "default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    return f"{own}; style-src 'sha256-{digest}'"


def render_page(page: str, shown: Mapping[str, object]) -> str:
    """The page of a template.

    shown: at least ``document``, what the same address answers as JSON, and ``token``, which the page's links carry on.
    """
    return _environment().get_template(f"{page}.html").render({"crumbs": (), "token": None, **shown, "style": Markup(_style())})
