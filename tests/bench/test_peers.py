"""The kit that measures beside peers tells the truth: ratios, tables, the page, and pictures held against each other."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bench.peers.bars import bars_table
from tests.bench.peers.growth import Grown
from tests.bench.peers.likeness import fault
from tests.bench.peers.load import ask_cold, look_around, milliseconds
from tests.bench.peers.measure import Figure, box_around
from tests.bench.peers.page import fill, span, summary
from tests.bench.peers.plots import draw_workloads
from tests.bench.peers.report import Measured, Run
from tests.bench.peers.sets import SETS, Tile, is_inside, session, tile_at, tiles_of_window
from tests.bench.peers.tables import NAMES, cell, growth_table, rate, ratio, table

OURS = Figure("cold", "roads", 8, "rendermap", per_s=200, p50_ms=10, p99_ms=20)
PEER = replace(OURS, server="MapServer", per_s=100)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("per_s", "said"), [(100, "2.0x"), (10, "20x"), (201, "even"), (400, "**0.50x, ahead of us**")])
def test_a_peer_that_is_ahead_is_said_to_be(per_s: float, said: str) -> None:
    """The table hides no defeat, and makes no victory of nothing."""
    assert cell(replace(PEER, per_s=per_s), OURS) == f"{per_s:.3g} (20), {said}"


def test_times_are_ratios_the_other_way_round() -> None:
    """Of rates more is better, of the time to a first picture less."""
    assert ratio(PEER, OURS) == 2
    slow, fast = replace(PEER, workload="appears", p50_ms=30), replace(OURS, workload="appears", p50_ms=10)
    assert ratio(slow, fast) == 3
    assert cell(slow, fast) == "30, 3.0x"


def test_no_ratio_with_what_failed() -> None:
    """A server that draws another map, or none, has no figures, and neither side of it a ratio."""
    wrong = replace(PEER, failed="no picture")
    assert ratio(wrong, OURS) is None
    assert table([OURS, wrong]).splitlines()[-1] == "| roads | 200 (20) | failed |"
    assert cell(PEER, replace(OURS, failed="500")) == "100 (20)"


def test_growth_tells_what_was_refused() -> None:
    """A size at which no picture came has no figure, and the others keep theirs."""
    row = growth_table([Grown(10**7, math.nan, 20, 900, 4.25, 3.5, math.nan, 140)]).splitlines()[-1]
    assert row == "| 10,000,000 | refused | 20.0 | 900 | 4.2 (3.5) | refused | 140 |"


def test_the_summary_begins_with_the_worst() -> None:
    """The least ratio comes first, with its set."""
    figures = [OURS, PEER, replace(OURS, subject="lakes"), replace(PEER, subject="lakes", per_s=400)]
    assert summary(figures).splitlines()[-1].endswith("| **0.50x** (lakes) to 2.0x |")
    assert span([]) == "–"


def test_the_page_has_a_place_for_every_part() -> None:
    """Parts are written between their marks, again and again; words around them stay, and a part without a place is told."""
    page = "a\n<!-- begin tiles -->\nold\n<!-- end -->\nb\n<!-- begin growth -->\nkept\n<!-- end -->\n"
    once = fill(page, {"tiles": "new"})
    assert "old" not in once and "new" in once and "kept" in once and once.endswith("<!-- end -->\n")
    assert fill(once, {"tiles": "new"}) == once
    with pytest.raises(KeyError, match="strangers"):
        fill(page, {"strangers": "?"})
    places = {"summary", "run", "first", "prepared", "tiles", "sessions", "exports", "kept", "memory", "growth", "bars"}
    fill((ROOT / "docs" / "performance.md").read_text(encoding="utf-8"), dict.fromkeys(places, "x"))


def test_another_map_is_found_out() -> None:
    """Outlines may differ by a pixel; a feature that is missing, or a blank picture, may not."""
    agreed = np.full((256, 256, 3), 255.0)
    agreed[40:200, 40:200] = (200, 40, 40)
    shifted, missing, blank = np.roll(agreed, 1, axis=0), agreed.copy(), np.full_like(agreed, 255.0)
    missing[40:120, 40:200] = 255
    assert fault([agreed], [agreed]) == fault([shifted], [agreed]) == ""
    assert "apart" in fault([missing], [agreed])
    assert "blank" in fault([blank], [agreed])
    assert fault([None], [agreed]) == "no picture"


def test_wrk_says_its_times_in_three_units() -> None:
    """All become milliseconds."""
    assert [milliseconds(said) for said in ("830.00us", "1.20ms", "2.00s")] == pytest.approx([0.83, 1.2, 2000])


def test_an_export_lies_around_its_tile() -> None:
    """In the tile's own resolution, so that servers cannot take another level."""
    tile = tile_at(1_000_000, 6_000_000, 10)
    assert box_around(tile, (256, 256)) == pytest.approx(tile.bbox)
    xmin, ymin, xmax, ymax = box_around(tile, (1024, 768))
    side = tile.bbox[2] - tile.bbox[0]
    assert (xmax - xmin, ymax - ymin) == (pytest.approx(4 * side), pytest.approx(3 * side))


def test_sessions_are_the_same_for_everybody(tmp_path: Path) -> None:
    """Views come from the person alone; none asks again for what it holds, and none for what lies outside the data."""
    subject = replace(SETS["hex200k"], zooms=(5, 9))
    (tmp_path / "places_hex200k.json").write_text(str([[-12e6 + 9e4 * n, 4.9e6 + 4e4 * n] for n in range(60)]))
    with pytest.MonkeyPatch.context() as patch:
        box = (-12.2e6, 4.8e6, -6e6, 8e6)
        patch.setattr("tests.bench.peers.sets.bounds", lambda *_: box)
        views = [session(subject, tmp_path, person, 8) for person in (0, 0, 1)]
    assert views[0] == views[1] != views[2]
    asked = [tile for view in views[0] for tile in view]
    assert len(asked) == len(set(asked))
    assert all(is_inside(tile, box) for tile in asked)
    assert len(tiles_of_window(-10e6, 5e6, 9, (1920, 1080))) >= 40
    assert Tile(0, 0, 0).bbox == pytest.approx((-20037508.34, -20037508.34, 20037508.34, 20037508.34))


@contextmanager
def answering(answers: dict[str, tuple[int, bytes]]) -> Iterator[int]:
    """The port of a server that gives these; it closes a connection after every error, as servers do."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = answers[self.path]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status >= 400:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_only_pictures_count() -> None:
    """An error, a text and an empty answer are no tiles; within sessions a few answers that there is nothing are what an edge explains."""
    out = io.BytesIO()
    Image.new("RGBA", (4, 4)).save(out, "PNG")
    answers = {"/good": (200, out.getvalue()), "/error": (500, b"no"), "/text": (200, b"<ServiceException>"), "/none": (404, b"outside")}
    with answering(answers) as port:
        cold = ask_cold(port, ["/good"] * 4 + ["/error", "/text", "/none"], 2)
        edge = look_around(port, [[["/good"] * 60, ["/none"] + ["/good"] * 5]], 10)
        holes = look_around(port, [[["/good"] * 9, ["/none"]]], 10)
    assert len(cold.seconds) == 7 and len(cold.bad) == 3
    assert not edge.bad and len(edge.seconds) == 2 and edge.empty == 1
    assert holes.bad == ["1 of 10 answers say that there is nothing"]


def test_a_bar_that_was_missed_is_said_to_be() -> None:
    """What is below its bar is bold with a reason, what is above has none, and what was not measured has no row."""

    def told(subject: str, server: str, per_s: float) -> Figure:
        return Figure("cold", subject, 1, server, per_s=per_s, p50_ms=1, p99_ms=1)

    figures = [told("counties", "rendermap", 30), told("counties", "MapServer", 10), told("counties", "QGIS Server", 15)]
    figures += [told("hex1m", "rendermap", 30), told("hex1m", "MapServer", 10)]
    said = bars_table(Measured(Run("", "", "", ""), figures, {"rendermap": 500.0}, {}), [])
    assert "| Tiles of counties | 2x MapServer; 2.5x QGIS Server | 3.0x; **2.0x** | around |" in said
    assert "| Tiles of hex1m | 2x MapServer | 3.0x |  |" in said and "lands" not in said
    assert "| 400 MB | **500 MB** | open files |" in said and "- **open files**: " in said and "- **rasteriser**" not in said


def test_rates_are_written_out() -> None:
    """Three digits, and no powers of ten."""
    assert [rate(value) for value in (20283.4, 0.2918, 24.53, 99.96, 833.1)] == ["20,300", "0.292", "24.5", "100", "833"]


def test_plots_say_what_is_better(tmp_path: Path) -> None:
    """Every axis has its unit and its direction, and every server that has figures is in the legend."""
    figures = [Figure("appears", "lands", 1, name, p50_ms=20) for name in ("rendermap", "MapServer")]
    figures += [Figure("kept", "lands", 16, name, per_s=20) for name in NAMES]
    said = {path.stem: path.read_text() for path in draw_workloads(figures, tmp_path)}
    assert "less is better" in said["peers_appears"] and "more is better" in said["peers_kept"]
    assert all(name in said["peers_kept"] for name in NAMES)
