"""What `make web` built: scripts and styles under names that carry their content's hash."""

from __future__ import annotations

import gzip
import json
import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

BUILT = Path(__file__).parent / "static" / "build"
IMMUTABLE = "public, max-age=31536000, immutable"


class NotBuilt(Exception):
    """The pages' scripts and styles are not there: `make web` was not run."""


class Bundle:
    """The built files of a folder, by the names that `manifest.json` gives them."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}
        self._files: dict[str, tuple[bytes, bytes]] = {}

    @property
    def is_built(self) -> bool:
        """Whether `make web` was run."""
        try:
            self._load()
        except NotBuilt:
            return False
        return True

    def name_of(self, source: str) -> str:
        """``map.js`` -> ``map-4KQ2W7ZC.js``.  Raises NotBuilt."""
        self._load()
        return self._names[source]

    def response(self, request: Request, name: str) -> Response | None:
        """One built file, kept by clients for good; None when there is none of this name."""
        try:
            self._load()
        except NotBuilt:
            return None
        if name not in self._names.values():
            return None
        plain, packed = self._file(name)
        headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type=media_type, headers=headers | {"Content-Encoding": "gzip"})
        return Response(plain, media_type=media_type, headers=headers)

    def _file(self, name: str) -> tuple[bytes, bytes]:
        if name not in self._files:
            plain = (self._folder / name).read_bytes()
            self._files[name] = (plain, gzip.compress(plain, 6, mtime=0))
        return self._files[name]

    def _load(self) -> None:
        if self._names:
            return
        try:
            self._names = json.loads((self._folder / "manifest.json").read_text("utf-8"))
        except FileNotFoundError:
            raise NotBuilt from None
