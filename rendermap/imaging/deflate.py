"""Deflate of a picture's rows: by ISA-L where the machine has it, in a thread of its own, else by zlib-ng.

Spec: RFC 1950, RFC 1951.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray
from zlib_ng import zlib_ng

try:
    from isal import isal_zlib
except ImportError:  # it is made for x86-64 and ARM64 alone
    isal_zlib = None  # type: ignore[assignment]

_LEVEL = 1


def deflate(rows: NDArray[np.uint8]) -> bytes:
    """The bytes of rows as a zlib stream, made fast rather than small."""
    if isal_zlib is None:
        return bytes(zlib_ng.compress(rows, _LEVEL))
    # ISA-L leaves the upper halves of vector registers in use, which slows Mapnik's drawing up to 2.4 times, but in its own thread alone.
    return _thread().submit(isal_zlib.compress, rows, _LEVEL).result()


@cache
def _thread() -> ThreadPoolExecutor:
    """Started by the first picture: a worker is confined by then, and so is what it starts."""
    return ThreadPoolExecutor(1, "deflate")
