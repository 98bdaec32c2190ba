"""The pictures of one document: each is read once, and all of them together may cost only so much."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from rendermap.errors import StyleInvalid
from rendermap.limits import GALLERY_PIXELS

"""Of all different pictures of a document: some seconds of reading."""

_PX_OF_ELEMENT = 400
_ELEMENT_CHARACTERS = 200


class Unusable(Exception):
    """A picture that is not drawn; its text tells why, for the operator."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture that may be drawn.  content: a whole PNG, JPEG or SVG file.  width, height: in its own units.

    notes: what of an SVG is not drawn.
    """

    content: bytes
    media_type: str
    width: float
    height: float
    notes: tuple[str, ...] = ()

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height


@dataclass(slots=True)
class Gallery:
    """What was read so far.  pictures: by the digest of their content, of those that cannot be drawn why.  spent_px: their pixels."""

    pictures: dict[bytes, Embedded | str] = field(default_factory=dict)
    spent_px: int = 0

    def read(self, content: bytes, reader: Callable[[bytes, Gallery], Embedded]) -> Embedded:
        """The picture, by its reader where it is a new one.  Raises Unusable, and StyleInvalid when all have too many pixels."""
        digest = hashlib.blake2b(content, digest_size=16).digest()
        found = self.pictures.get(digest)
        if found is None:
            self.check()
            try:
                found = reader(content, self)
            except Unusable as error:
                found = str(error)
            self.pictures[digest] = found
        if isinstance(found, str):
            raise Unusable(found)
        return found

    def check(self) -> None:
        """Raises StyleInvalid when the document's pictures have cost too much."""
        if self.spent_px > GALLERY_PIXELS.value:
            raise StyleInvalid(GALLERY_PIXELS.sentence, reason=GALLERY_PIXELS.sentence)

    def spend(self, size_px: tuple[int, int]) -> None:
        """Count a picture that is decoded."""
        self.spent_px += size_px[0] * size_px[1]

    def spend_drawing(self, elements: int, characters: int) -> None:
        """Count a drawing, by what reading it takes."""
        self.spent_px += _PX_OF_ELEMENT * (elements + characters // _ELEMENT_CHARACTERS)
