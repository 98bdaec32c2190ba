"""Blocks of pictures that a worker keeps: what is cut into many pictures is drawn once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

MOST_BLOCKS = 4096


class Blocks:
    """The blocks drawn last.  limit_bytes: of their pixels together; a block without any, None, costs nothing."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._bytes = limit_bytes, 0
        self._blocks: OrderedDict[Hashable, Pixels | None] = OrderedDict()

    def get(self, key: Hashable, draw: Callable[[], Pixels | None]) -> Pixels | None:
        """The block of a key; drawn when it is not there.  Raises what draw raises."""
        if key in self._blocks:
            self._blocks.move_to_end(key)
            return self._blocks[key]
        block = self._blocks[key] = draw()
        self._bytes += _size_of(block)
        self._drop()
        return block

    def _drop(self) -> None:
        while len(self._blocks) > 1 and (len(self._blocks) > MOST_BLOCKS or self._bytes > self._limit):
            self._bytes -= _size_of(self._blocks.popitem(last=False)[1])

    def forget(self) -> None:
        """Drop them all."""
        self._blocks.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._blocks)


def _size_of(block: Pixels | None) -> int:
    return 0 if block is None else block.nbytes
