"""Deflate of a picture's rows: by ISA-L where the machine has it, else by zlib-ng.

Spec: RFC 1950, RFC 1951.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from zlib_ng import zlib_ng

try:
    from isal import isal_zlib
except ImportError:  # it is made for x86-64 and ARM64 alone
    isal_zlib = None  # type: ignore[assignment]

_LEVEL = 1
_LONG_ENOUGH = 1024


def deflate(rows: NDArray[np.uint8]) -> bytes:
    """The bytes of rows as a zlib stream, made fast rather than small."""
    packed = bytes((isal_zlib or zlib_ng).compress(rows, _LEVEL))
    _clear_registers()
    return packed


def deflate_strips(strips: Iterable[NDArray[np.uint8]]) -> bytes:
    """As `deflate`, of strips of rows, one behind the other; each may be gone when the next comes."""
    packer = (isal_zlib or zlib_ng).compressobj(_LEVEL)
    packed = b"".join((*map(packer.compress, strips), packer.flush()))
    _clear_registers()
    return packed


def _clear_registers() -> None:
    """ISA-L leaves the upper halves of vector registers in use, which slows Mapnik's drawing in this thread up to 2.4 times.

    NumPy clears them behind its own loops.  A thread for ISA-L alone would be as good, but waits for a processor twice for each picture.
    """
    ones = np.ones(_LONG_ENOUGH, np.float32)
    np.multiply(ones, ones, out=ones)
