"""A layer whose style only the engine can tell wrong rests alone; the others draw."""

from __future__ import annotations

import asyncio

import pytest

from rendermap.dispatch.breaker import Breaker
from rendermap.dispatch.plan import LegendPlan, SwatchLayer
from rendermap.errors import StyleInvalid
from rendermap.symbology.style import Engine, Single, Style
from rendermap.symbology.symbols import Symbol

GOOD = SwatchLayer(0, "good", "polygon", Style(Single(Symbol())))
BAD = SwatchLayer(1, "bad", "polygon", Style(Engine(("<Style/>",))))


def test_a_style_the_engine_refuses_rests_and_is_told() -> None:
    """The first asker gets the error, all later ones the other layers; the fault is in words safe for strangers."""
    breaker, plan = Breaker(), LegendPlan((GOOD, BAD), 1.0, (20, 20))

    async def make(asked: LegendPlan) -> tuple[int, ...]:
        if BAD in asked.layers:
            raise StyleInvalid(reason="notacolor")
        return tuple(layer.id for layer in asked.layers)

    async def ask() -> tuple[int, ...]:
        with pytest.raises(StyleInvalid):
            await breaker.run(plan, make)
        return await breaker.run(breaker.spare(plan), make)

    assert asyncio.run(ask()) == (0,)
    assert breaker.fault_of(GOOD) is None and "notacolor" not in (breaker.fault_of(BAD) or "notacolor")
