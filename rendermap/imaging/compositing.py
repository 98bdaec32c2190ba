"""Operators that choose which of two layers is seen where.

Spec: W3C Compositing and Blending Level 1, 9.1 Porter Duff compositing operators.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Shares = NDArray[np.float32]
Fraction = Callable[[Shares], Shares]


def _all(alpha: Shares) -> Shares:
    return np.ones_like(alpha)


def _none(alpha: Shares) -> Shares:
    return np.zeros_like(alpha)


def _within(alpha: Shares) -> Shares:
    return alpha


def _outside(alpha: Shares) -> Shares:
    return 1 - alpha


OPERATORS: dict[str, tuple[Fraction, Fraction]] = {
    "source-in": (_within, _none),
    "source-out": (_outside, _none),
    "source-atop": (_within, _outside),
    "destination-over": (_outside, _all),
    "destination-in": (_none, _within),
    "destination-out": (_none, _outside),
    "destination-atop": (_outside, _within),
    "xor": (_outside, _outside),
    "lighter": (_all, _all),
}
"""Name -> how much of the source by the backdrop's alpha, how much of the backdrop by the source's."""


def composite(below: Pixels, above: Pixels, operator: str) -> Pixels:
    """One picture of two, both (height, width, 4) uint8, straight alpha.  operator: a row of `OPERATORS`."""
    of_source, of_backdrop = OPERATORS[operator]
    backdrop: Shares = np.divide(below, 255, dtype=np.float32)
    source: Shares = np.divide(above, 255, dtype=np.float32)
    ab, as_ = backdrop[..., 3:], source[..., 3:]
    source_share, backdrop_share = as_ * of_source(ab), ab * of_backdrop(as_)
    alpha = source_share + backdrop_share
    color = source_share * source[..., :3] + backdrop_share * backdrop[..., :3]
    whole = np.minimum(alpha, 1)
    straight = np.divide(color, whole, out=np.zeros_like(color), where=whole > 0)
    made: Pixels = np.rint(np.clip(np.concatenate([straight, whole], axis=2), 0, 1) * 255).astype(np.uint8)
    return made
