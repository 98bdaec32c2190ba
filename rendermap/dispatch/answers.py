"""What a worker answered -> the picture or value that was asked for."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TypeVar

from rendermap.dispatch.drawn import Drawn
from rendermap.dispatch.plan import InspectPlan
from rendermap.dispatch.wire import Answer, WireBroken, from_json
from rendermap.errors import RenderFailed
from rendermap.jobs.job import Layer
from rendermap.reply import LegendEntry

T = TypeVar("T")


def drawn_of(answer: Answer) -> Drawn:
    """The picture.  Raises RenderFailed for another kind of answer."""
    head = answer.head
    if head.kind != "drawn":
        raise RenderFailed(reason=f"the worker answered a drawing with a {head.kind}")
    return Drawn(answer.body, head.empty, head.width_px, head.height_px)


def value_of(kind: type[T], answer: Answer) -> T:
    """The value.  Raises RenderFailed for another kind of answer, or another value."""
    if answer.head.kind != "value":
        raise RenderFailed(reason=f"the worker answered a question with a {answer.head.kind}")
    try:
        return from_json(kind, answer.body)
    except WireBroken as error:
        raise RenderFailed(reason=str(error)) from error


def layer_of(plan: InspectPlan, answer: Answer) -> Layer:
    """The dataset that was looked into.  Raises RenderFailed for another than the plan's."""
    layer = value_of(Layer, answer)
    # a container asked for without a member comes back with the one that was found in it
    asked = plan.source if plan.source.member else replace(plan.source, member=layer.source.member)
    if layer.source != asked:
        raise RenderFailed(reason="the worker answered about another dataset than it was asked")
    return layer


def with_swatch(entry: LegendEntry) -> LegendEntry:
    """The entry as it was before it went over the wall."""
    return replace(entry, swatch=base64.b64decode(entry.swatch))
