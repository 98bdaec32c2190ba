"""Copies hold what Mapnik's plugin would pass over: arcs, patches of collections, and text of any encoding."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pyogrio.raw
import pytest
import shapely

from rendermap.dispatch.scratch import copies_prefix
from rendermap.geo.bbox import BBox
from rendermap.jobs.job import Layer
from rendermap.render import copies, copy_store, seals
from rendermap.render.assets import Assets
from rendermap.render.copies import copy_of, holds_curves
from rendermap.render.copy_store import drop_copy, drop_damaged, held_copy
from rendermap.render.engine import mapnik
from rendermap.render.vectors import draw_vectors
from rendermap.symbology.facts import GeometryKind, VectorFacts
from rendermap.symbology.symbols import Stroke, Symbol
from tests.builders.damage import spoil
from tests.builders.vectors import RED, plan_for, source_at, view_on, write_features

HALF_CIRCLE = struct.pack("<BII6d", 1, 8, 3, 0.0, 0.0, 10.0, 10.0, 20.0, 0.0)
"""WKB of CIRCULARSTRING (0 0, 10 10, 20 0)."""


@pytest.fixture
def arcs(tmp_path: Path) -> Layer:
    """A GeoPackage with an arc and a straight line."""
    file = tmp_path / "arcs.gpkg"
    wkb = np.array([HALF_CIRCLE, shapely.to_wkb(shapely.LineString([(0, -5), (20, -5)]))], object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.raw.write(file, wkb, [], [], driver="GPKG", layer="arcs", geometry_type="Unknown", crs="EPSG:25832")
    source = source_at(file, "arcs")
    return Layer(source, "features", str(file), "EPSG:25832", BBox(0, -5, 20, 10), VectorFacts(GeometryKind.LINE, ()), "GPKG")


def test_arcs_are_found(arcs: Layer, tmp_path: Path) -> None:
    """A dataset with one arc has curves, one of straight lines has none, whatever its layer's name."""
    assert holds_curves(arcs.open_name, "arcs")
    plain = write_features(tmp_path, [shapely.LineString([(0, 0), (1, 1)])], driver="GPKG", name='od"d na\\me')
    assert not holds_curves(plain.open_name, 'od"d na\\me')


def test_plugin_still_passes_over_arcs(arcs: Layer) -> None:
    """The defect that makes the copy necessary; when it is gone, the copy can go."""
    kinds = [str(f.geometry.type()) for f in mapnik.Datasource(type="ogr", file=arcs.open_name, layer="arcs")]
    assert any("Unknown" in kind for kind in kinds)


def test_arcs_are_drawn_round(arcs: Layer) -> None:
    """The arc's top is drawn, to a pixel, and no straight line instead of it."""
    pixels = draw_vectors([plan_for(arcs, Symbol((Stroke(RED, 1.5),)))], view_on((-5, -10, 25, 20), width=150, height=150))
    assert pixels[50, 75, 3] > 100
    assert pixels[100, 75, 3] == 0
    assert pixels[125, 75, 3] > 100


def test_copy_is_made_once(arcs: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same version of a dataset is read once, a new one anew."""
    first = copy_of(arcs)
    monkeypatch.setattr(copies, "_write", lambda *_: pytest.fail("copied again"))
    assert copy_of(arcs) == first


def test_copies_are_told_by_their_job(arcs: Layer) -> None:
    """A copy's name begins with what names its job, so that it goes with it."""
    assert copy_of(arcs).name.startswith(copies_prefix(arcs.source.root))


def test_oldest_copies_go_first(tmp_path: Path) -> None:
    """The folder of copies is bounded, and what was just made stays."""
    for age, name in enumerate(("new", "middle", "old")):
        file = tmp_path / f"{name}.fgb"
        file.write_bytes(b"x" * 100)
        os.utime(file, (1e9 - age, 1e9 - age))
    copy_store.drop_oldest(tmp_path, keep=tmp_path / "new.fgb", most_bytes=250)
    assert sorted(file.stem for file in tmp_path.glob("*.fgb")) == ["middle", "new"]


def test_assets_are_named_by_content(tmp_path: Path) -> None:
    """Equal drawings are one file, others another."""
    assets = Assets(tmp_path)
    one, same, other = assets.path(b"<svg/>", ".svg"), assets.path(b"<svg/>", ".svg"), assets.path(b"<svg />", ".svg")
    assert one == same != other
    assert Path(one).read_bytes() == b"<svg/>" and one.endswith(".svg")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_copy_that_was_dropped_is_made_again(arcs: Layer) -> None:
    """Another worker may drop a copy at any time; it is never found empty."""
    first = copy_of(arcs)
    first.unlink()
    assert copy_of(arcs).stat().st_size > 0


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_damaged_copy_is_made_again(arcs: Layer, is_seen: bool) -> None:
    """Also one whose file does not tell that it was written to, as on a bad disk, by whoever opens it first."""
    first = copy_of(arcs)
    right = first.read_bytes()
    spoil(first, is_seen=is_seen)
    if not is_seen:
        seals.forget()
    assert copy_of(arcs).read_bytes() == right


def test_who_holds_a_damaged_copy_is_told(arcs: Layer) -> None:
    """Whoever found out, and also after it was made anew; one that was dropped to make room may be read on."""
    file = copy_of(arcs)
    held = held_copy(str(file))
    assert held and not held.is_spoilt
    drop_copy(file)
    assert not held.is_spoilt
    held = held_copy(str(copy_of(arcs)))
    drop_damaged(file)
    assert held and held.is_spoilt
    copy_of(arcs)
    assert held.is_spoilt and held_copy(str(arcs.source.path)) is None


def test_a_copy_is_made_by_one_worker_for_all(tmp_path: Path) -> None:
    """Of workers that need the same copy at once, one makes it and the others take it; one killed half-way leaves nothing."""
    program = (
        "import os, sys, time, pathlib\n"
        "from rendermap.render.assets import use_workshop\n"
        "from rendermap.render.copy_store import kept_copy\n"
        "from tests.builders.vectors import source_at\n"
        "use_workshop(pathlib.Path(sys.argv[1]))\n"
        "def make(file):\n"
        "    print('made', flush=True)\n"
        "    file.write_text('half')\n"
        "    time.sleep(0.3)\n"
        "    file.write_text('whole')\n"
        "source = source_at(pathlib.Path(sys.argv[2]))\n"
        "assert kept_copy('one', '.txt', source, make).read_text() == 'whole'\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path), __file__]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}) as killed:
        assert killed.stdout and killed.stdout.readline() == b"made\n"
        killed.kill()
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [worker.communicate(timeout=30)[0] for worker in both]
    assert sorted(said) == ["", "made\n"] and all(worker.returncode == 0 for worker in both)
    assert sorted(file.suffix for file in (tmp_path / "copies").iterdir() if file.suffix != ".lock") == [".npz", ".txt"]
