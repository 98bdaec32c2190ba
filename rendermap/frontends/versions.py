"""Addresses that name one version of a result: kept for good, and gone once the result has changed."""

from __future__ import annotations

from rendermap.errors import TileOutside
from rendermap.frontends.responses import Keep
from rendermap.request import JobRequest
from rendermap.service import MapService, OpenMap

FOR_GOOD = Keep(7 * 24 * 3600, immutable=True)


async def open_version(service: MapService, job: JobRequest, version: str) -> OpenMap:
    """The job's map while its result is this version.  Raises TileOutside once it has changed, and as `MapService.open`."""
    opened = await service.open(job)
    if version != opened.version:
        raise TileOutside("The result has changed since this address was told. Read the TileJSON or the page again.")
    return opened
