"""Maps that a request composes itself: the job's layers in another order, more than once, filtered, and drawn in another way."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cachetools import LRUCache

from rendermap.access.grant import Operation
from rendermap.disclosure import Disclosure
from rendermap.drawables import Drawable
from rendermap.errors import NotSupported
from rendermap.filtering import demand_told
from rendermap.request import ComposedLayer
from rendermap.services.service import GroupLayer
from rendermap.symbology.facts import Facts, VectorFacts, kind_of
from rendermap.symbology.field_names import fields_named
from rendermap.symbology.quantised import quantised
from rendermap.symbology.restyle import restyled, tells_values
from rendermap.symbology.style import Style, style_digest
from rendermap.symbology.template import reach_pt
from rendermap.symbology.writers.drawing_info import write_drawing_info

_KEPT_CHARS = 1 << 20
"""Of looks; a style is some fifty times as large in memory."""


class Looks:
    """Styles as requests change them, each made once.  May be used from several threads."""

    def __init__(self) -> None:
        self._made: LRUCache[object, tuple[Style, str, int]] = LRUCache(_KEPT_CHARS, getsizeof=lambda made: made[2])
        self._lock = threading.Lock()

    def get(self, drawable: Drawable, told: Disclosure, look: str) -> tuple[Style, str]:
        """The drawable's style with a look, and its digest.  Raises as `restyled`."""
        assert drawable.style and drawable.layer
        facts, is_told = _facts_told(drawable.layer.facts, told), told.tells(fields_named(drawable.style))
        key = drawable.style_key, drawable.tool.colors, facts, is_told, look
        with self._lock:
            made = self._made.get(key)
        if made is None:
            said = write_drawing_info(drawable.style, kind_of(facts)) if is_told else None
            style = quantised(restyled(drawable.style, facts, look, said), drawable.tool.colors)
            made = style, style_digest(style), len(look)
            if made[2] <= _KEPT_CHARS:
                with self._lock:
                    self._made[key] = made
        return made[:2]


def composed(
    layers: Iterable[ComposedLayer],
    drawables: tuple[Drawable, ...],
    groups: Iterable[GroupLayer],
    told: Mapping[int, Disclosure],
    looks: Looks,
) -> Iterator[tuple[ComposedLayer, Drawable]]:
    """The layers that are composed, top first, each with its drawable as it is asked for; a group stands for its visible layers.

    Ids that the map does not have are passed over.  told: by layer id.  Raises NotSupported where a layer may only be seen,
    InvalidFilter, InvalidParameter.
    """
    known_groups = {group.id for group in groups}
    for layer in layers:
        named = (layer.layer,) if layer.layer not in known_groups else ()
        for drawable in drawables:
            if drawable.tool.id in named or (not named and drawable.tool.group == layer.layer and drawable.tool.visible):
                yield layer, _asked(layer, drawable, told[drawable.tool.id], looks)


def _asked(layer: ComposedLayer, drawable: Drawable, told: Disclosure, looks: Looks) -> Drawable:
    if told.level is Operation.VIEW and (layer.where or tells_values(layer.look)):
        # by filters and classes values could be found out, and by another symbol more of the shapes than their author shows
        raise NotSupported(details=("This layer may only be seen: neither its filter nor its symbols may be chosen.",))
    if drawable.style is None or drawable.layer is None:
        return drawable
    if layer.where:
        demand_told(layer.where, told)
    if layer.look:
        style, key = looks.get(drawable, told, layer.look)
        drawable = replace(drawable, style=style, style_key=key, reach_pt=reach_pt(style), is_restyled=True)
    return replace(_narrowed(drawable, layer), filters=(layer.where,) if layer.where else ())


def _facts_told(facts: Facts, told: Disclosure) -> Facts:
    """The facts with those fields alone whose very values may be told: classes would tell finer ones than rounded numbers."""
    if not isinstance(facts, VectorFacts):
        return facts
    rounded = {name for name, _ in told.decimals}
    whole = tuple(field for field in told.fields if field.name not in rounded)
    hidden = {*told.known} - {field.name for field in whole}
    return replace(facts, fields=whole, hidden=tuple(name for name in told.known if name in hidden))


def _narrowed(drawable: Drawable, layer: ComposedLayer) -> Drawable:
    """A layer is shown at fewer scales than its author says, never at more."""
    if not (layer.min_scale_denominator or layer.max_scale_denominator) or drawable.style is None:
        return drawable
    style = drawable.style
    far = [scale for scale in (style.min_scale_denominator, layer.min_scale_denominator) if scale]
    near = [scale for scale in (style.max_scale_denominator, layer.max_scale_denominator) if scale]
    style = replace(style, min_scale_denominator=min(far, default=None), max_scale_denominator=max(near, default=None))
    return replace(drawable, style=style)
