"""The few tags of a TIFF that its reader does not pass on."""

from __future__ import annotations

import struct
from pathlib import Path

PHOTOMETRIC = 262
PALETTE = 3
_MOST_TAGS = 4096


def has_color_map(path: Path) -> bool:
    """True when the first picture of a TIFF is drawn by a colour table of the file's own (TIFF 6.0, section 5)."""
    with path.open("rb") as file:
        head = file.read(16)
        order = "<" if head[:2] == b"II" else ">"
        is_big = struct.unpack(order + "H", head[2:4])[0] == 43
        count_form, form, start = ("Q", "HHQHHI", head[8:16]) if is_big else ("H", "HHIHH", head[4:8])
        file.seek(struct.unpack(order + ("Q" if is_big else "I"), start)[0])
        try:
            (count,) = struct.unpack(order + count_form, file.read(struct.calcsize(order + count_form)))
            size = struct.calcsize(order + form)
            for _ in range(min(count, _MOST_TAGS)):
                tag, _kind, _length, value, *_ = struct.unpack(order + form, file.read(size))
                if tag == PHOTOMETRIC:
                    return bool(value == PALETTE)
        except struct.error:
            return False
    return False
