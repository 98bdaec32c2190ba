"""Where a picture comes from, told in the picture's own metadata, which has nothing else in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

_DESCRIPTION, _SOFTWARE = 270, 305
"""Tags of Exif (CIPA DC-008, 4.6.4)."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """job_id: of the job that is shown.  finished: when it did, ISO 8601 in UTC, empty where nobody knows.  software: name and version."""

    job_id: str
    finished: str
    software: str

    @property
    def sentence(self) -> str:
        """Job and time, for formats that have one place for text."""
        return f"Job {self.job_id}" + (f", finished {self.finished}" if self.finished else "")

    def keywords(self) -> Iterator[tuple[str, str]]:
        """(keyword, text) pairs as PNG names them (Third Edition, 11.3.3)."""
        yield "Source", f"Job {self.job_id}"
        if self.finished:
            yield "Creation Time", self.finished
        yield "Software", self.software


def exif_of(stamp: Stamp) -> bytes:
    """The stamp as an Exif block."""
    exif = Image.Exif()
    exif[_DESCRIPTION], exif[_SOFTWARE] = stamp.sentence, stamp.software
    return exif.tobytes()


def comment_of(stamp: Stamp) -> bytes:
    """The stamp as one line of text."""
    return f"{stamp.sentence}, drawn by {stamp.software}".encode()
