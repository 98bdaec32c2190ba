"""Esri JSON line patterns <-> Hatch."""

from __future__ import annotations

from typing import Any

from rendermap.symbology import colors
from rendermap.symbology.document import Node
from rendermap.symbology.symbols import Hatch, Stroke

_ESRI_ANGLES: dict[str, tuple[float, ...]] = {
    "esriSFSHorizontal": (0.0,),
    "esriSFSVertical": (90.0,),
    "esriSFSCross": (0.0, 90.0),
    "esriSFSBackwardDiagonal": (45.0,),
    "esriSFSForwardDiagonal": (135.0,),
    "esriSFSDiagonalCross": (45.0, 135.0),
}
_ESRI_SEPARATION_PT = 6.0
_ESRI_WIDTH_PT = 0.75


def read(node: Node) -> tuple[Hatch, ...] | None:
    """esriSFS with a line pattern."""
    angles = _ESRI_ANGLES.get(node.text("style")) if node.type == "esriSFS" else None
    if angles is None:
        return None
    color = colors.from_esri(node.get("color"))
    if color is None:
        return ()
    return tuple(Hatch(Stroke(color, _ESRI_WIDTH_PT), angle, _ESRI_SEPARATION_PT) for angle in angles)


def write(hatch: Hatch) -> dict[str, Any]:
    """esriSFS with the single-line pattern whose angle is nearest."""
    single = {name: angles[0] for name, angles in _ESRI_ANGLES.items() if len(angles) == 1}
    style = min(single, key=lambda name: abs((hatch.angle_deg - single[name] + 90) % 180 - 90))
    return {"type": "esriSFS", "style": style, "color": colors.to_esri(hatch.stroke.color), "outline": None}


def write_all(hatches: tuple[Hatch, ...]) -> dict[str, Any]:
    """esriSFS for hatching one over the other: the crosses where two stand upright to each other, else the topmost."""
    angles = {round(hatch.angle_deg % 180) for hatch in hatches[-2:]}
    crosses = {frozenset((0, 90)): "esriSFSCross", frozenset((45, 135)): "esriSFSDiagonalCross"}
    spelled = write(hatches[-1])
    return {**spelled, "style": crosses.get(frozenset(angles), spelled["style"])}
