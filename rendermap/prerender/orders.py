"""What travels between who wants tiles and the machines that draw them: orders and reports, sealed with the key that replicas share.

No picture travels: it goes into the store that all of them share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, TypeVar

from itsdangerous import BadData, Serializer
from pydantic import TypeAdapter, ValidationError

from rendermap.errors import Broken
from rendermap.geo.tiling import TileAddress
from rendermap.prerender.drawing import Sheet
from rendermap.request import LayerChoice

T = TypeVar("T")

ORDER_S = 4.0
"""What an order takes about: so much is lost with a machine that dies, and drawn again."""

MOST_TILES = 256


@dataclass(frozen=True, slots=True)
class Order:
    """Tiles of one map to be drawn.  identity: of what they are drawn from and how, see `Sheet`.  tiles: (zoom, column, row) each."""

    service: str
    job_id: str
    layers: LayerChoice
    format: str
    identity: str
    tiles: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an order.  bytes: of its pictures.  faults: of the store they were put into.  fault: why it was not done."""

    bytes: int = 0
    faults: int = 0
    fault: str = ""


def orders(tiles: Iterator[TileAddress], sheet: Sheet, tile_s: float) -> Iterator[Order]:
    """Neighbours together, some seconds of drawing each.  tile_s: what a tile takes."""
    count, identity = max(1, min(round(ORDER_S / tile_s), MOST_TILES)), sheet.identity
    while batch := tuple((tile.matrix, tile.col, tile.row) for tile in islice(tiles, count)):
        yield Order(sheet.job.service, sheet.job.job_id, sheet.layers, sheet.format.name, identity, batch)


_ORDERS, _REPORTS = TypeAdapter(Order), TypeAdapter(Report)


class Seal:
    """Orders and reports as text and back: whoever reaches the broker and does not know the secret can make none.

    Reading raises Broken.
    """

    def __init__(self, secret: str) -> None:
        self._orders, self._reports = (_serializer(secret, kind) for kind in ("order", "report"))

    def order_text(self, order: Order) -> str:
        """To be read by `order`."""
        return _text(self._orders, order)

    def report_text(self, report: Report) -> str:
        """To be read by `report`."""
        return _text(self._reports, report)

    def order(self, text: str) -> Order:
        """What was ordered."""
        return _read(self._orders, _ORDERS, text)

    def report(self, text: object) -> Report:
        """What was reported."""
        return _read(self._reports, _REPORTS, text)


def _serializer(secret: str, kind: str) -> Serializer[str]:
    return Serializer(secret, salt=f"rendermap prerender {kind}", signer_kwargs={"digest_method": hashlib.sha256})


def _text(serializer: Serializer[str], value: Any) -> str:
    return serializer.dumps(asdict(value))


def _read(serializer: Serializer[str], kind: TypeAdapter[T], text: object) -> T:
    try:
        return kind.validate_python(serializer.loads(text if isinstance(text, str) else ""))
    except BadData:
        raise Broken("The machines do not have the same secret_key.") from None
    except ValidationError:
        raise Broken("The machines do not run the same release.") from None
