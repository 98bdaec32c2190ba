"""From a layer that may only be seen nothing is got, by every way we know; and what would get out is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders.register import COLORS, FIELDS, Register, lay_out
from tests.refusal.extraction import ATTACKS, extract, register_served
from tests.refusal.loot import Loot
from tests.refusal.thief import DEPTH, Thief

POINTS = 600


@pytest.mark.slow
def test_nothing_is_got_from_layers_that_may_only_be_seen(tmp_path: Path) -> None:
    """No byte of an attribute, a coordinate, a cell, a field's name or a path; and no more colours than were allowed."""
    with register_served(tmp_path, points=POINTS) as thief:
        rows = extract(thief)
        assert thief.loot.bytes == 0, thief.loot.found
        assert all(row.answers for row in rows) and thief.loot.answers > 3_000
        assert 2 <= thief.colors <= COLORS
        assert thief.seen((700_000, 4_000_000, 702_400, 4_002_400), (240, 240), DEPTH)[..., 3].all(), "there was something to see"


# --- the harness sees what gets out ----------------------------------------------------------------------------------


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return lay_out(tmp_path)


def taken(register: Register, text: str, kind: str = "application/json", sent: str = "", **headers: str) -> int:
    """Bytes counted in one answer."""
    loot = Loot(register)
    loot.take(sent, httpx.Response(200, text=text, headers={"content-type": kind, **headers}))
    return loot.bytes


def test_whatever_stands_in_an_answer_is_counted(register: Register) -> None:
    """Values, coordinates in any of the usual systems, names, in bodies and in headers; not what was asked, not a lookalike."""
    row, (x, y), depth = register.rows[3], register.corners[7], register.depths[5, 6]
    assert taken(register, f'{{"v": {row["worth_in_euro"]}}}') == 8
    assert taken(register, f'{{"v": {depth}}}') == taken(register, f"[{x + 0.01}]") == taken(register, f"<y>{y}</y>", "text/html") == 8
    assert taken(register, f'"{row["owner_of_parcel"]}"') == 12
    assert taken(register, "x", "text/plain", etag=FIELDS[0]) == len(FIELDS[0])
    assert taken(register, str(register.folder)) >= len(register.folder.name)
    assert taken(register, f"{x}", sent=f"?bbox={x},1,2,3") == taken(register, f"{x + 0.2} {depth + 1e-4} 12345.678 owner") == 0


def test_the_words_of_a_picture_are_read(register: Register) -> None:
    """Its metadata, and whatever stands between its pixels."""
    loot = Loot(register)
    loot.take("", httpx.Response(200, content=b"\x89PNG\r\n" + FIELDS[1].encode(), headers={"content-type": "image/png"}))
    assert loot.bytes == len(FIELDS[1])


@pytest.fixture(scope="module")
def wide_open(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thief]:
    """The same register, whose data may leave, in as many colours as there are."""
    with register_served(tmp_path_factory.mktemp("vault"), points=60, access="data", colors=0) as thief:
        yield thief


@pytest.mark.slow
def test_layers_opened_wide_give_a_lot(wide_open: Thief) -> None:
    """Every attack that can get something there gets it: an oracle, field names in documents, edges by ETag, finer cells, more colours."""
    names = ("documents, legends", "filters as an oracle", "boxes of layers", "over-zoom", "tiles of all zooms")
    got = {row.attack.name: row.bytes for row in extract(wide_open, [attack for attack in ATTACKS if attack.name.startswith(names)])}
    assert len(got) == len(names) and all(size or name.startswith("tiles") for name, size in got.items()), got
    assert wide_open.colors > COLORS
    assert any(what.startswith("x in") for what in wide_open.loot.found), "extents are coordinates"


class LeakyTransport(httpx.BaseTransport):
    """The service with one more route, of the kind that somebody adds one day."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Everybody's attributes for whoever asks."""
        return httpx.Response(200, json=self._register.rows[0])


def test_a_route_that_leaks_is_found(register: Register) -> None:
    """By the attack that asks there."""
    with httpx.Client(transport=LeakyTransport(register), base_url="http://maps.example") as client:
        thief = Thief(client, register, Loot(register), 1)
        thief.get("/identify")
    assert thief.loot.bytes > 40
