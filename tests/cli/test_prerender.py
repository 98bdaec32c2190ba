"""Tiles drawn before anybody asks."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import TileType
from typer.testing import CliRunner

from rendermap.assembly import build
from rendermap.cli import FAULTS, OK, USAGE, app
from rendermap.errors import InvalidParameter
from rendermap.geo.bbox import BBox
from rendermap.geo.tiling import WEB_MERCATOR_QUAD, TileAddress, view_of
from rendermap.imaging.formats import FORMATS
from rendermap.prerender.archive import About, id_of, is_written
from rendermap.prerender.command import STOPPED
from rendermap.prerender.cover import WORLD, Cover, parse_degrees, parse_zooms
from rendermap.prerender.draft import Draft, draft_path
from rendermap.request import JobRequest, TileRequest
from rendermap.settings import Settings
from tests.builders.whole_service import NAME, lay_out, served

RUN = CliRunner()
PATIENCE_S = 60.0
Tiles = dict[tuple[int, int, int], bytes]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with jobs and services, and the job's name."""
    folder = tmp_path_factory.mktemp("prerender")
    return folder, f"{NAME}/{lay_out(folder)}"


@pytest.fixture(scope="module")
def archive(place: tuple[Path, str]) -> Path:
    """The job's tiles at some zooms, drawn without a break."""
    target = place[0] / "whole.pmtiles"
    run(place, "--zoom", "8-13", "--to", target)
    return target


def words(place: tuple[Path, str], *more: object) -> list[str]:
    """The command as it is typed."""
    folder, job = place
    return [str(word) for word in ("prerender", job, "--jobs", folder / "jobs", "--services", folder / "services", "--workers", 2, *more)]


def run(place: tuple[Path, str], *more: object, status: int = OK, **env: str) -> str:
    """What the command prints; its exit status must be the expected one."""
    result = RUN.invoke(app, words(place, *more), env={"COLUMNS": "40", **env})
    assert result.exit_code == status, result.output
    return result.output


def tiles_in(archive: Path) -> Tiles:
    """Every tile by zoom, column and row, each run of equal ones told one by one."""
    return dict(all_tiles(MemorySource(archive.read_bytes())))


def fetched(url: str) -> bytes | None:
    """None for 404."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return answer.read()  # type: ignore[no-any-return]
    except urllib.error.HTTPError as error:
        error.close()
        assert error.code == 404
        return None


def test_an_archive_holds_the_very_bytes_that_are_served(place: tuple[Path, str], archive: Path) -> None:
    """Every tile of the archive is what its address answers, and around them, where the archive has none, the address answers 404."""
    folder, job = place
    found = tiles_in(archive)
    around = {(z, x + dx, y + dy) for z, x, y in found for dx in (-1, 0, 1) for dy in (-1, 0, 1) if z < 12}
    settings = Settings(jobs=(folder / "jobs",), services=folder / "services", workers=1, secret_key="shared by all replicas")
    service, _, job_id = job.rpartition("/")
    with served(settings) as url:
        answers = {(z, x, y): fetched(f"{url}/xyz/{service}/jobs/{job_id}/tiles/{z}/{x}/{y}.png") for z, x, y in around | found.keys()}
    assert {place: body for place, body in answers.items() if body is not None} == found
    assert {z for z, _, _ in found} == set(range(8, 14)) and None in answers.values()


def test_an_archive_tells_what_it_shows(archive: Path) -> None:
    """Name, credit, bounds, zooms and kind of tile are in it, equal tiles once, and nothing is left beside it."""
    reader = Reader(MemorySource(archive.read_bytes()))
    header, told = reader.header(), reader.metadata()
    assert (told["name"], told["attribution"], told["format"]) == ("Flood depth", "Nobody", "png")
    assert (header["min_zoom"], header["max_zoom"], header["tile_type"], header["clustered"]) == (8, 13, TileType.PNG, True)
    assert -84.8 < header["min_lon_e7"] / 1e7 < header["max_lon_e7"] / 1e7 < -84.7
    assert 36.1 < header["min_lat_e7"] / 1e7 < header["max_lat_e7"] / 1e7 < 36.2
    assert header["tile_contents_count"] == len(set(tiles_in(archive).values())) < header["addressed_tiles_count"]
    assert not list(archive.parent.glob("whole.pmtiles.*"))


@pytest.mark.slow
def test_a_run_that_was_ended_goes_on(place: tuple[Path, str], archive: Path) -> None:
    """After Ctrl-C, and after a kill in the middle, there is no archive yet, and the next run draws only what is missing."""
    target = place[0] / "ended.pmtiles"
    more = ("--zoom", "8-16", "--to", target)
    said, status = ended(words(place, *more), signal.SIGINT, draft_path(target), 40_000)
    assert status == STOPPED and "goes on from there" in said and not target.exists()
    _, status = ended(words(place, *more), signal.SIGKILL, draft_path(target), draft_path(target).stat().st_size + 40_000)
    assert status == -signal.SIGKILL and not target.exists()
    assert "drawn before" in run(place, *more)
    found, whole = tiles_in(target), tiles_in(archive)
    assert {place: found.get(place) for place in whole} == whole and max(z for z, _, _ in found) == 16
    assert not draft_path(target).exists()


def ended(typed: list[str], by: signal.Signals, draft: Path, at_bytes: int) -> tuple[str, int]:
    """(what it said, exit status) of a run that gets a signal when its draft is so large."""
    # tests begun in the background ignore Ctrl-C, and what they start would, too
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen([sys.executable, "-m", "rendermap", *typed], stderr=subprocess.PIPE, text=True, preexec_fn=heeding)
    deadline = time.monotonic() + PATIENCE_S
    while not (draft.exists() and draft.stat().st_size >= at_bytes):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(by)
    return " ".join(process.communicate(timeout=PATIENCE_S)[1].split()), process.returncode


def test_what_was_drawn_of_another_version_is_drawn_anew(place: tuple[Path, str], archive: Path) -> None:
    """Tiles of a draft that is of something else never reach the archive."""
    target = place[0] / "anew.pmtiles"
    first = next(iter(tiles_in(archive)))
    with closing(Draft(draft_path(target), "another version")) as draft:
        draft.add(id_of(TileAddress(WEB_MERCATOR_QUAD, first[0], first[2], first[1])), b"old")
    assert "drawn anew" in run(place, "--zoom", "8-13", "--to", target)
    assert tiles_in(target) == tiles_in(archive)


def test_a_box_of_a_map_and_one_of_its_layers(place: tuple[Path, str], archive: Path) -> None:
    """Only tiles that meet the box are drawn, and bounds tell it; another format and other layers are other pictures."""
    target = place[0] / "box.pmtiles"
    run(place, "--zoom", "13", "--bbox", "-84.76,36.14,-84.75,36.15", "--layers", "0", "--format", "webp", "--to", target)
    found, header = tiles_in(target), Reader(MemorySource(target.read_bytes())).header()
    assert 0 < len(found) < len([place for place in tiles_in(archive) if place[0] == 13])
    assert all(body[8:12] == b"WEBP" for body in found.values()) and header["tile_type"] == TileType.WEBP
    assert (header["min_lon_e7"], header["max_lat_e7"]) == (-847_600_000, 361_500_000)


def test_the_cache_is_filled_for_those_who_ask_later(place: tuple[Path, str], archive: Path, tmp_path: Path) -> None:
    """A service that shares the folder gives strangers the tiles without drawing any."""
    folder, job = place
    kept = {"RENDERMAP_CACHE_DIR": str(tmp_path / "cache"), "RENDERMAP_SECRET_KEY": "shared by all replicas"}
    run(place, "--zoom", "12-13", **kept)
    settings = Settings(
        jobs=(folder / "jobs",), services=folder / "services", workers=1, cache_dir=tmp_path / "cache", secret_key="shared by all replicas"
    )
    wanted = {place: body for place, body in tiles_in(archive).items() if place[0] >= 12}
    service, _, job_id = job.rpartition("/")

    async def asked() -> tuple[Tiles, float]:
        assembled = build(settings)
        await assembled.start()
        try:
            request = JobRequest(service, job_id)
            opened = await assembled.service.open(request)
            requests = {place: TileRequest(request, TileAddress(WEB_MERCATOR_QUAD, place[0], place[2], place[1])) for place in wanted}
            given = {place: (await opened.tile(request)).body for place, request in requests.items()}
            return given, assembled.metrics.drawings.labels("MapPlan", "ok")._value.get()
        finally:
            await assembled.stop()

    given, drawings = asyncio.run(asked())
    assert given == wanted and drawings == 0


def test_nothing_is_drawn_that_would_not_stay(place: tuple[Path, str]) -> None:
    """Without a cache outside the process, or for a folder that nobody could ask for, the command says so."""
    assert "nothing would stay" in run(place, "--zoom", "8", status=USAGE)
    folder = next(path for path in (place[0] / "jobs").rglob("*") if path.name == place[1].rpartition("/")[2])
    kept = {"RENDERMAP_CACHE_DIR": str(place[0] / "unused"), "RENDERMAP_SECRET_KEY": "shared by all replicas"}
    assert "nobody would ask" in run((place[0], str(folder)), "--zoom", "8", status=USAGE, **kept)


def test_what_was_wrongly_asked_is_said(place: tuple[Path, str]) -> None:
    """Wrong words end with a sentence and leave no file behind."""
    to = ("--to", place[0] / "wrong.pmtiles")
    for zoom, sentence in (("9-3", "3-9"), ("x", "0-14"), ("0-25", "24 zoom levels"), ("0-22", "only with --yes")):
        assert sentence in run(place, *to, "--zoom", zoom, status=USAGE)
    for bbox, sentence in (("1,2,3", "four finite"), ("170,0,-170,1", "180th meridian"), ("0,0,1,1", "nothing of the map")):
        assert sentence in run(place, *to, "--zoom", "8", "--bbox", bbox, status=USAGE)
    assert "png, webp, avif or jpg" in run(place, *to, "--format", "gif", status=USAGE)
    assert "no layer 7" in run(place, *to, "--layers", "7", status=FAULTS)
    assert "no such job" in run((place[0], f"{NAME}/j0"), *to, status=FAULTS)
    assert "cannot be written" in run(place, "--zoom", "8", "--to", place[0] / "no" / "x.pmtiles", status=USAGE)
    assert not list(place[0].glob("wrong*"))


def test_marked_pictures_make_no_archive(tmp_path: Path) -> None:
    """A service that marks pictures for each who asks is refused, whoever runs the command."""
    job_id = lay_out(tmp_path, "watermark = true")
    place = tmp_path, f"{NAME}/{job_id}"
    assert "watermark" in run(place, "--zoom", "8", "--to", tmp_path / "x.pmtiles", status=FAULTS)
    assert not list(tmp_path.glob("x.*"))


def test_whoever_archives_what_not_everybody_may_see_is_told(tmp_path: Path) -> None:
    """An archive has no door: that is said before it is made."""
    place = tmp_path, f"{NAME}/{lay_out(tmp_path, owner='anna', private=True)}"
    assert "Not everybody may see" in run(place, "--zoom", "8", "--to", tmp_path / "x.pmtiles")


def test_a_draft_is_one_runs_and_as_it_was_put(tmp_path: Path) -> None:
    """A second run at the same time, a file of somebody else, and a body that changed are refused, and nothing is taken away."""
    path = tmp_path / "x.part"
    with closing(Draft(path, "a")) as draft:
        draft.add(5, b"five")
        draft.add(6, None)
        with pytest.raises(InvalidParameter, match="Another run"):
            Draft(path, "a")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE bodies SET body = ?", (b"fife",))
    with closing(Draft(path, "a")) as draft:
        assert draft.has(5) and draft.has(6) and not draft.has(7)
        with pytest.raises(InvalidParameter, match="damaged"):
            list(draft.tiles())
    for foreign in (b"no database, and long enough to be looked at" * 20, database(tmp_path / "foreign")):
        path.write_bytes(foreign)
        with pytest.raises(InvalidParameter, match="no tiles of this command"):
            Draft(path, "a")
        assert path.read_bytes() == foreign


def database(path: Path) -> bytes:
    """A database of somebody else."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE theirs (x)")
    return path.read_bytes()


def test_a_cover_is_every_tile_that_meets_the_map_or_lies_beside_it() -> None:
    """Told once each, as many as counted, and just those whose boxes meet the map's with a tile around it."""
    cover = Cover(BBox(-3e6, 1e6, 2.2e6, 4e6), BBox(-4e6, WORLD.ymin, 1e6, WORLD.ymax), 3, 8)
    tiles = list(cover.tiles())
    assert len(tiles) == len(set(tiles)) == cover.count and {tile.matrix for tile in tiles} == set(range(3, 9))
    for zoom in (3, 5):
        side = WORLD.width / 2**zoom
        every = [TileAddress(WEB_MERCATOR_QUAD, zoom, row, col) for row in range(2**zoom) for col in range(2**zoom)]
        meant = {tile for tile in every if _meets(view_of(tile).bbox, BBox(max(-3e6 - side, -4e6), 1e6 - side, 1e6, 4e6 + side))}
        assert {tile for tile in tiles if tile.matrix == zoom} == meant
        assert {tile for tile in every if cover.has(zoom, tile.col, tile.row)} == meant
    assert set(cover.sample(9)) <= set(tiles) and len(cover.sample(9)) == 9
    assert Cover(WORLD, WORLD, 0, 2).count == 1 + 4 + 16


def _meets(a: BBox, b: BBox) -> bool:
    return a.xmin < b.xmax and b.xmin < a.xmax and a.ymin < b.ymax and b.ymin < a.ymax


def test_zooms_and_boxes_are_read() -> None:
    """One zoom stands for itself; boxes end where Web Mercator does."""
    assert parse_zooms("0-14") == (0, 14) and parse_zooms("12") == (12, 12)
    assert parse_degrees("-180,-90,180,90").corners == pytest.approx((-180, -85.0511287798, 180, 85.0511287798))


def test_a_finished_archive_is_left_as_it_is(place: tuple[Path, str], archive: Path) -> None:
    """The same command draws nothing; other zooms are drawn."""
    before = archive.stat()
    assert "Nothing has changed" in run(place, "--zoom", "8-13", "--to", archive)
    assert (archive.stat().st_ino, archive.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns) and not draft_path(archive).exists()
    other = archive.with_name("finished.pmtiles")
    other.write_bytes(archive.read_bytes())
    assert "Nothing has changed" not in run(place, "--zoom", "8-9", "--to", other)
    assert {zoom for zoom, _, _ in tiles_in(other)} == {8, 9}


def test_an_archive_that_is_not_whole_is_not_finished(archive: Path, tmp_path: Path) -> None:
    """Cut short, empty, or another file altogether: it is written again."""
    drawn_from = Reader(MemorySource(archive.read_bytes())).metadata()["drawn_from"]
    told = About("", "", "", "", WORLD, (8, 13), 9, FORMATS["png"], drawn_from)
    assert is_written(archive, told) and not is_written(archive, replace(told, drawn_from="other"))
    target = tmp_path / "damaged.pmtiles"
    for damaged in (archive.read_bytes()[:-10], archive.read_bytes()[:200], b"PMTiles", b"", b"something else"):
        target.write_bytes(damaged)
        assert not is_written(target, told)
    assert not is_written(tmp_path, told) and not is_written(tmp_path / "none", told)


def test_an_archive_opens_where_the_whole_of_it_is_seen(place: tuple[Path, str], archive: Path) -> None:
    """At TileJSON's own zoom, within those of the archive; what it is drawn from is told by a digest alone."""
    reader = Reader(MemorySource(archive.read_bytes()))
    folder, job = place
    service, _, job_id = job.rpartition("/")
    with served(Settings(jobs=(folder / "jobs",), services=folder / "services", workers=1)) as url:
        told = json.loads(fetched(f"{url}/xyz/{service}/jobs/{job_id}/tilejson.json") or b"")
    assert reader.header()["center_zoom"] == min(told["center"][2], 13) > 8
    assert job_id not in str(reader.metadata())


def test_a_sample_has_its_share_of_every_zoom() -> None:
    """Of what is drawn to reckon with, three quarters are of the closest zoom where that has three quarters of all tiles."""
    zooms = [tile.matrix for tile in Cover(WORLD, WORLD, 0, 8).sample(32)]
    assert (zooms.count(8), zooms.count(7)) == (24, 6)


@pytest.mark.parametrize("after_s", [0.02, 0.2])
def test_ctrl_c_while_the_command_is_loaded_ends_it_quietly(after_s: float) -> None:
    """No traceback with paths, and the status that shells know."""
    heeding = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    code = (
        f"import threading, signal, os; threading.Timer({after_s}, os.kill, (os.getpid(), signal.SIGINT)).start(); "
        "from rendermap.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "prerender", "x"], capture_output=True, text=True, preexec_fn=heeding)
    assert (done.returncode, done.stderr) == (STOPPED, "Stopped.\n")
