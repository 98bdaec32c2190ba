"""Tries to get data out of layers that may only be seen, by every way we know, and counts what it got.

    python -m tests.refusal.extraction            prints a table; the last line is the bytes of raw data recovered

Case numbers are those of the attack list in docs/security.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table as Printed

from rendermap.settings import Settings
from tests.builders.register import lay_out
from tests.builders.whole_service import served
from tests.refusal.attacks import asking, boxes, filters, naming, pictures, strangers
from tests.refusal.loot import Loot
from tests.refusal.thief import Thief

POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Attack:
    """case: of the attack list.  run: returns what is worth a remark."""

    case: str
    name: str
    run: Callable[[Thief], str]


ATTACKS = (
    Attack("A2", "identify, query, find and feature info on a grid", asking.ask_on_a_grid),
    Attack("A1", "every format that would hold data", asking.ask_for_formats),
    Attack("A4, A7, A8", "documents, legends, errors, headers and metadata", asking.read_documents),
    Attack("A5", "filters as an oracle", filters.ask_the_oracle),
    Attack("A6", "other datasets, fields and styles by name", naming.name_others),
    Attack("A5", "boxes of layers by ETag and by missing tiles", boxes.find_edges),
    Attack("A3", "tiles of all zooms: values from colours", pictures.invert_colors),
    Attack("A3", "cells from where their classes change", pictures.find_crossings),
    Attack("A3", "over-zoom: cells and edges finer than the bound", pictures.magnify),
    Attack("A3", "corners of features from shaded edges", pictures.measure_corners),
    Attack("B4", "pictures that somebody else warmed", strangers.ask_for_warm_pictures),
    Attack("A10", "second paths", strangers.try_second_paths),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What an attack came to."""

    attack: Attack
    answers: int
    bytes: int
    remark: str


def extract(thief: Thief, attacks: Sequence[Attack] = ATTACKS) -> list[Row]:
    """The attacks, one after the other."""
    rows = []
    for attack in attacks:
        answers, size = thief.loot.answers, thief.loot.bytes
        remark = attack.run(thief)
        rows.append(Row(attack, thief.loot.answers - answers, thief.loot.bytes - size, remark))
    return rows


@contextmanager
def register_served(folder: Path, *, points: int = POINTS, access: str = "view", colors: int = 8) -> Iterator[Thief]:
    """A thief before a service with workers that serves a register."""
    register = lay_out(folder, access, colors)
    settings = Settings(
        jobs=(folder / "jobs",), services=folder / "services", access=folder / "access", workers=1, secret_key="shared by all replicas",
        drawings_per_client=10_000,
    )  # fmt: skip
    with served(settings) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield Thief(client, register, Loot(register), points)


def print_table(rows: list[Row], loot: Loot) -> None:
    """For people."""
    table = Printed("Case", "Attack", "Answers", "Bytes", "Remark", title="Extraction from layers that may only be seen")
    for row in rows:
        table.add_row(row.attack.case, row.attack.name, f"{row.answers:,}", str(row.bytes), row.remark)
    console = Console(width=150)
    console.print(table)
    for what, size in list(loot.found.items())[:20]:
        console.print(f"  recovered: {what} ({size} bytes)", highlight=False)
    console.print("Corners measured from pictures are closer than a pixel, and count when as close as the data: docs/security.md.")
    console.print(f"BYTES OF RAW DATA RECOVERED: {loot.bytes}")


def main() -> int:
    """The harness as a command; exits with 1 when anything got out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--access", default="view", choices=("view", "identify", "data"))
    parser.add_argument("--colors", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vault") as folder, register_served(Path(folder), **vars(given)) as thief:
        rows = extract(thief)
        print_table(rows, thief.loot)
    return 1 if thief.loot.bytes else 0


if __name__ == "__main__":
    sys.exit(main())
