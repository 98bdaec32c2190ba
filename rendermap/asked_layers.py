"""The layers of an opened map as a request asks for them: which, left with which features, and drawn in which way."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from functools import cached_property, reduce
from typing import TypeVar

from rendermap.composing import Looks, composed
from rendermap.disclosure import Disclosure, disclosure_of
from rendermap.dispatch.plan import LayerPlan, SwatchLayer
from rendermap.drawables import Drawable, JobMap
from rendermap.filtering import at_time, demand_told, filtered
from rendermap.fineness import Fineness
from rendermap.gate import Gate
from rendermap.geo.view import MapView
from rendermap.identifying import Looked, usual_choice
from rendermap.request import ComposedLayer, IdentifyRequest, LegendRequest, MapRequest
from rendermap.selection import chosen
from rendermap.symbology.restyle import says_transparency
from rendermap.symbology.scales import ScaledStyles, at_scale
from rendermap.symbology.style import style_digest

S = TypeVar("S", Drawable, SwatchLayer)


class AskedLayers:
    """Of one map.  looks: styles as requests change them.  scaled: what scales leave of styles.

    Its methods raise NotSupported where a layer may only be seen, InvalidFilter and InvalidParameter.
    """

    def __init__(self, job_map: JobMap, gate: Gate, fineness: Fineness, looks: Looks, scaled: ScaledStyles) -> None:
        self._job_map = job_map
        self._gate = gate
        self._fineness = fineness
        self._looks = looks
        self._scaled = scaled

    @cached_property
    def disclosures(self) -> dict[int, Disclosure]:
        """What may be told of each layer, by its id."""
        return {d.tool.id: disclosure_of(d, self._gate, self._job_map.service) for d in self._job_map.drawables}

    def of_map(self, request: MapRequest) -> tuple[Drawable, ...]:
        """What a picture shows, top first, with the filters that are asked for."""
        if request.composition is not None:
            shown = tuple(drawable for _, drawable in self._composed(request.composition))
        else:
            shown, filters = chosen(self._job_map, request.layers), self._granted_filters(request)
            if filters:
                shown = tuple(replace(d, filters=(filters[d.tool.id],)) if d.tool.id in filters else d for d in shown)
        return tuple(at_time(d, request.time, self.disclosures[d.tool.id]) for d in shown) if request.time else shown

    def of_legend(self, request: LegendRequest, told: Set[int]) -> tuple[Drawable, ...]:
        """What a legend is of, top first; composed layers under the ids that they have there.  told: ids of those whose opacity is."""
        known = told if request.is_opaque else frozenset[int]()
        if request.composition is None:
            return tuple(opaque(d) if d.tool.id in known else d for d in chosen(self._job_map, request.layers))
        shown = []
        for layer, drawable in self._composed(request.composition):
            is_known = drawable.tool.id in known or (request.is_opaque and says_transparency(layer.look))
            named = replace(drawable, tool=replace(drawable.tool, id=layer.id))
            shown.append(opaque(named) if is_known else named)
        return tuple(shown)

    def of_identify(self, request: IdentifyRequest) -> Iterator[Looked]:
        """What is looked into, top first, each under the id that it has there."""
        told = self.disclosures
        if request.composition is None:
            drawn = MapRequest(request.job, request.view, usual_choice(request), filters=request.filters, time=request.time)
            yield from (Looked(d.tool.id, d, told[d.tool.id]) for d in self.of_map(drawn))
            return
        for layer, drawable in self._composed(request.composition):
            if request.ids is None or layer.id in request.ids:
                timed = at_time(drawable, request.time, told[drawable.tool.id]) if request.time else drawable
                yield Looked(layer.id, timed, told[drawable.tool.id])

    def plan(self, drawable: Drawable, view: MapView) -> LayerPlan:
        """How a layer of a picture is drawn."""
        return self._filtered(self._at_scale(plan_of(drawable), drawable, view), drawable)

    def _composed(self, composition: tuple[ComposedLayer, ...]) -> Iterator[tuple[ComposedLayer, Drawable]]:
        return composed(composition, self._job_map.drawables, self._job_map.service.groups, self.disclosures, self._looks)

    def _granted_filters(self, request: MapRequest) -> dict[int, str]:
        wanted = {layer_id: text for layer_id, text in request.filters if text.strip()}
        named = [d.tool.id for d in self._job_map.drawables if d.tool.id in wanted]
        for layer_id in named:
            demand_told(wanted[layer_id], self.disclosures[layer_id])
        return {layer_id: wanted[layer_id] for layer_id in named}

    def _filtered(self, plan: LayerPlan, drawable: Drawable) -> LayerPlan:
        told = self.disclosures[drawable.tool.id] if drawable.filters else Disclosure()
        return reduce(lambda made, text: filtered(made, text, told), drawable.filters, plan)

    def _at_scale(self, plan: LayerPlan, drawable: Drawable, view: MapView) -> LayerPlan:
        """The layer with what of its style is drawn at the view's scale, which few dots per inch make no finer than the layer's bound."""
        bound, finest = self._fineness.finest(drawable), self._fineness.cut(drawable, view)
        scale = max(view.scale_denominator, bound.scale_denominator if bound else 0.0) if finest is None else finest.scale_denominator
        if drawable.is_restyled:
            style = at_scale(plan.style, scale)
            key = style_digest(style)
        else:
            style, key = self._scaled.get(plan.style, plan.style_key, scale)
        if style is plan.style:
            return replace(plan, finest=finest) if finest else plan
        return replace(plan, style=style, style_key=key, rest_key=plan.style_key, finest=finest)


def opaque(styled: S) -> S:
    """The same layer without its transparency."""
    if styled.style is None or styled.style.opacity == 1:
        return styled
    style = replace(styled.style, opacity=1.0)
    return replace(styled, style=style, style_key=style_digest(style))


def plan_of(drawable: Drawable) -> LayerPlan:
    """The layer as its style has it, at all scales."""
    assert drawable.layer and drawable.style and drawable.crs
    return LayerPlan(
        drawable.tool.id, drawable.layer, drawable.crs, drawable.style, drawable.style_key, is_filtered=drawable.is_restyled
    )  # fmt: skip
