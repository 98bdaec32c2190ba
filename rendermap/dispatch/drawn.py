"""An encoded picture, and the bytes it is kept as outside the process."""

from __future__ import annotations

import struct
from dataclasses import dataclass

FACTS = struct.Struct("<?II")


@dataclass(frozen=True, slots=True)
class Drawn:
    """An encoded picture.  empty: nothing was drawn, it is background only."""

    body: bytes
    empty: bool
    width_px: int
    height_px: int


def to_bytes(drawn: Drawn) -> bytes:
    """The body, then its facts: every picture format knows its own end, so what is kept can be looked at as it lies."""
    return drawn.body + FACTS.pack(drawn.empty, drawn.width_px, drawn.height_px)


def from_bytes(kept: bytes) -> Drawn:
    """The picture that was kept.  Raises ValueError where there is none."""
    if len(kept) < FACTS.size:
        raise ValueError("too short for a picture")
    return Drawn(kept[: -FACTS.size], *FACTS.unpack(kept[-FACTS.size :]))
