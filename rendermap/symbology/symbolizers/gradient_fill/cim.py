"""CIM gradient fills -> GradientFill."""

from __future__ import annotations

from rendermap.symbology import ramps
from rendermap.symbology.document import Node
from rendermap.symbology.symbolizers import cim_effects
from rendermap.symbology.symbols import GradientFill, SymbolLayer

_METHODS = {"Linear": "linear", "Circular": "circular", "Rectangular": "rectangular", "Buffered": "buffered"}
_STEPS = 24
_MOST_STEPS = 256


def read(node: Node) -> tuple[SymbolLayer, ...] | None:
    """CIMGradientFill, whole (``gradientSize`` 100 per cent) or in a few steps."""
    if node.type != "CIMGradientFill":
        return None
    ramp, method = node.child("colorRamp"), node.text("gradientMethod", "Linear")
    if method not in _METHODS:
        node.warn(f"a gradient of the kind {method!r}", "a linear one is used", "gradientMethod")
    if abs(node.number("gradientSize", 75.0)) not in (75.0, 100.0) or node.text("gradientSizeUnits", "Relative") != "Relative":
        node.warn("a gradient that ends inside the polygon", "it runs through the whole polygon", "gradientSize")
    is_stepped = node.text("gradientType", "Discrete") == "Discrete"
    steps = int(min(max(node.number("interval", 5.0), 2.0), _MOST_STEPS)) if is_stepped else _STEPS
    drawn = GradientFill(ramps.from_cim(ramp) if ramp else ramps.GRAYS, _METHODS.get(method, "linear"), node.number("angle", 90.0), steps)
    return cim_effects.apply(node, (drawn,))
