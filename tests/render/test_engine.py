"""What rendermap relies on in Mapnik, and the traps it steps around: a release that changes one of these fails here first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rendermap.render.engine import mapnik


@pytest.mark.parametrize("first", ["rasterio", "rendermap.render.engine"])
def test_no_other_gdal_is_misled(first: str) -> None:
    """Whichever comes first, rasterio finds its own PROJ data and no VRT driver."""
    program = (
        f"import {first}\nimport rendermap.render.engine, os, rasterio, rasterio.crs\n"
        "assert 'PROJ_LIB' not in os.environ and 'GDAL_DATA' not in os.environ\n"
        "assert rasterio.crs.CRS.from_epsg(25832).is_projected\n"
        "assert 'VRT' in os.environ['GDAL_SKIP'].split(',') and 'OGR_VRT' in os.environ['GDAL_SKIP'].split(',')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_worker_carries_no_table_library(tmp_path: Path) -> None:
    """pyogrio would bring up pandas where it is installed, at 40 MB for each worker; who wants it afterwards has it."""
    (tmp_path / "pandas.py").write_text("__version__ = '3.0'")
    program = "import rendermap.render.engine, sys\nassert 'pandas' not in sys.modules\nimport pandas\nassert pandas.__version__ == '3.0'"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("srs", ["epsg:25832", "esri:54030", "epsg:3413", "epsg:2193"])
def test_names_are_known_without_proj_data(srs: str) -> None:
    """Mapnik's PROJ database is inside the wheel."""
    carry = mapnik.ProjTransform(mapnik.Projection("epsg:4326"), mapnik.Projection(srs))
    assert carry.forward(mapnik.Coord(10, 50)).x == pytest.approx(carry.forward(mapnik.Coord(10, 50)).x)


def test_small_resizes_are_ignored() -> None:
    """Below 16 px a resize does nothing: vectors and swatches draw larger and cut."""
    drawn = mapnik.Map(64, 64)
    drawn.resize(40, 10)
    assert (drawn.width, drawn.height) == (64, 64)


def test_quotes_survive_a_filter() -> None:
    """Text literals take a backslash before quotes and backslashes, and nothing else."""
    feature = mapnik.Feature(mapnik.Context(), 1)
    assert mapnik.Expression("'a\\'b\\\\c[x]\"'").evaluate(feature) == "a'b\\c[x]\""


def test_match_is_of_the_whole_text() -> None:
    """``.match`` is anchored at both ends, as LIKE is."""
    feature = mapnik.Feature(mapnik.Context(), 1)
    feature["t"] = "155"
    assert mapnik.Expression("[t].match('5')").evaluate(feature) is False
    assert mapnik.Expression("[t].match('1[\\\\s\\\\S]*')").evaluate(feature) is True


def first_pixel(rules: str) -> tuple[int, ...]:
    """What a square of class 1 paints under the rules, first match wins."""
    drawn = mapnik.Map(16, 16)
    document = (
        f'<Map srs="epsg:3857"><Style name="s" filter-mode="first">{rules}</Style>'
        '<Layer name="l" srs="epsg:3857"><StyleName>s</StyleName><Datasource><Parameter name="type">csv</Parameter>'
        '<Parameter name="inline">wkt|n\nPOLYGON((0 0,9 0,9 9,0 9,0 0))|1</Parameter><Parameter name="separator">|</Parameter>'
        "</Datasource></Layer></Map>"
    )
    mapnik.load_map_from_string(drawn, document)
    drawn.zoom_to_box(mapnik.Box2d(0, 0, 9, 9))
    image = mapnik.Image(16, 16)
    mapnik.render(drawn, image)
    return tuple(image.to_string()[:4])


def test_pixels_come_out_straight() -> None:
    """A half-transparent red leaves the engine as (255, 0, 0, 128), not premultiplied."""
    assert first_pixel('<Rule><PolygonSymbolizer fill="#ff0000" fill-opacity="0.502"/></Rule>') == (255, 0, 0, 128)


def test_empty_rules_are_passed_over() -> None:
    """A rule without symbolizers does not keep its features from the next rule; one that can paint nothing does."""
    others = '<Rule><PolygonSymbolizer fill="#0000ff"/></Rule>'
    assert first_pixel(f"<Rule><Filter>[n]=1</Filter></Rule>{others}") == (0, 0, 255, 255)
    assert first_pixel(f"<Rule><Filter>[n]=1</Filter><RasterSymbolizer/></Rule>{others}") == (0, 0, 0, 0)


def test_no_library_talks_when_it_comes_up() -> None:
    """Drivers that one GDAL has and another has not are no matter for the log."""
    program = "import rendermap.render.engine, pyogrio, rasterio\npyogrio.list_drivers()\nwith rasterio.Env(): pass"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""
