"""Labels as values: the text that stands beside features, how it looks and where it may stand.

All lengths are points; angles are degrees counter-clockwise from east.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rendermap.symbology.expressions.tree import Expression, Operand
from rendermap.symbology.symbols import BLACK, Color

CLOSEST_REPEAT_PT = 1.0


@dataclass(frozen=True, slots=True)
class TextSymbol:
    """How a text looks.

    family: as the document names it; `fonts` tells what stands in for it.  halo_color: None for no halo.  box_color, box_outline: a
    box behind the text, None for none.  line_height: distance of lines as a share of the usual.
    """

    family: str = "DejaVu Sans"
    size_pt: float = 10.0
    color: Color = BLACK
    is_bold: bool = False
    is_italic: bool = False
    halo_color: Color | None = None
    halo_pt: float = 0.0
    rotation_deg: float = 0.0
    letter_spacing_pt: float = 0.0
    line_height: float = 1.0
    box_color: Color | None = None
    box_outline: Color | None = None
    box_margin_pt: float = 1.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a label may stand.

    anchors: compass points (``N``, ``NE``, ... and ``C`` for the middle) where the text lies seen from its feature, in the order tried.
    along: on lines: ``curved`` (each letter follows the line), ``straight`` (turned with it) or ``horizontal``.
    side: on lines: ``above``, ``below`` or ``on`` the line.  distance_pt: from the feature.  dx_pt, dy_pt: a further move, y up.
    repeat_pt: a line's label again every so far, 0 for once.  may_overlap: drawn even where another label stands.
    must_fit: only where the text lies inside its polygon, or is no longer than its line.
    each_part: a label for every part of a multipart feature.  wrap_chars: lines of at most so many characters, 0 for whole.
    """

    anchors: tuple[str, ...] = ("C",)
    along: str = "curved"
    side: str = "on"
    distance_pt: float = 0.0
    dx_pt: float = 0.0
    dy_pt: float = 0.0
    repeat_pt: float = 0.0
    may_overlap: bool = False
    must_fit: bool = False
    each_part: bool = False
    wrap_chars: int = 0


def told_repeat(told_pt: float, warn: Callable[[str, str], None]) -> float:
    """How far apart a line's labels stand; 0, for once, where they would lie on each other, with a warning as readers of styles give it."""
    if 0 < told_pt < CLOSEST_REPEAT_PT:
        warn(f"a label again every {told_pt:g} pt", "each line has it once")
    return told_pt if told_pt >= CLOSEST_REPEAT_PT else 0.0


@dataclass(frozen=True, slots=True)
class LabelClass:
    """Labels made alike.

    text: of a feature; nothing is drawn where it is null or empty.  filter: features that fail it have no label of this class.
    min_scale_denominator: the farthest scale, max_scale_denominator the nearest, None for no limit.
    priority: higher ones are placed first, also before those of other layers.  rotation_by: the text's direction by the feature.
    of_drawn_only: features that the layer's theme does not draw have no label.
    """

    text: Operand
    symbol: TextSymbol = TextSymbol()
    placement: Placement = Placement()
    name: str = ""
    filter: Expression | None = None
    min_scale_denominator: float | None = None
    max_scale_denominator: float | None = None
    priority: float = 0.0
    rotation_by: Operand | None = None
    rotation_clockwise: bool = False
    of_drawn_only: bool = True
