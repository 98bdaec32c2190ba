"""A client that thinks of ever new questions fills no memory, and the same question in other words is the same picture."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rendermap.jobs import manifest
from tests.builders.counted_service import FIELD, CountedService, geojson

PACKAGE = Path(__file__).parents[2] / "rendermap"
SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "identify"
fields = ["owner_of_parcel"]
style = "parcels.sld"
"""
RULES = "".join(
    f"<Rule><MaxScaleDenominator>{n}000</MaxScaleDenominator><PolygonSymbolizer><Fill/></PolygonSymbolizer></Rule>" for n in range(1, 30)
)
SLD = (
    '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"><NamedLayer><Name>a</Name><UserStyle>'
    f"<FeatureTypeStyle>{RULES}</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
)
EXPORT = "/arcgis/rest/services/Demo/MapServer/jobs/{job}/export?f=image&bboxSR=32616"
BBOX = "bbox=700000,4000000,700100,4000100"


@pytest.fixture
def service(tmp_path: Path) -> CountedService:
    service = CountedService(tmp_path, {"Demo": SERVICE})
    (tmp_path / "services" / "Demo" / "parcels.sld").write_text(SLD, encoding="utf-8")
    return service


@pytest.fixture
def job(service: CountedService) -> str:
    with manifest.start(service.jobs, service="Demo", task="Run") as run:
        run.path("Parcels.geojson").write_text(geojson(), encoding="utf-8")
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    return run.job_id


@pytest.mark.parametrize(
    "words",
    [
        ["", "&_ts=1", "&_ts=2", "&unknown=x", "&LAYERS=", "&token="],
        ["&dpi=96", "&dpi=96.00001", "&dpi=95.99999", "&dpi=9.6e1", "&dpi=+96"],
        ["&size=100,100", "&size=100.4,99.6", "&SIZE=1e2,100"],
        ["&imageSR=32616", "&imageSR=EPSG:32616", "&imageSR=32616.0", '&imageSR={"wkid":32616}', "&imageSR=urn:ogc:def:crs:EPSG::32616"],
        ["&format=png", "&format=PNG", "&format=image/png", "&f=image&format="],
        ["&layers=show:0", "&layers=show:0,0,0", "&layers=show:0,77", "&layers=0"],
        [f"&layerDefs=0:{FIELD}=1", f'&layerDefs={{"0":"{FIELD} = 1"}}', f"&layerDefs=0:({FIELD})=(1)"],
    ],
    ids=lambda words: words[1].partition("=")[0],
)
def test_the_same_question_in_other_words_is_drawn_once(words: list[str], service: CountedService, job: str) -> None:
    """What changes no pixel makes no new picture."""
    answers = [service.get(f"{EXPORT.format(job=job)}&{BBOX}{more}") for more in words]
    assert {answer.headers["content-type"] for answer in answers} == {"image/png"}
    assert len({answer.headers["etag"] for answer in answers}) == 1 == len(service.counter.drawn)


def test_boxes_within_a_thousandth_of_a_pixel_are_one_picture(service: CountedService, job: str) -> None:
    """Noise in the last digits of a box is endless."""
    for n in range(50):
        noise = n * 1e-7
        box = f"bbox={700000 + noise:.9f},{4000000 - noise:.9f},{700100 + noise:.9f},{4000100 - noise:.9f}"
        assert service.get(f"{EXPORT.format(job=job)}&{box}").status_code == 200
    assert len(service.counter.drawn) == 1


def test_filters_leave_nothing_behind_but_their_pictures(service: CountedService, job: str) -> None:
    """A rule style is worked out anew for each scale, and not for each filter."""
    scaled = service.studio.scaled
    assert service.get(f"{EXPORT.format(job=job)}&{BBOX}").status_code == 200
    known = len(scaled._made), len(scaled._switches)
    for n in range(30):
        assert service.get(f"{EXPORT.format(job=job)}&{BBOX}&layerDefs=0:{FIELD}={n}").headers["content-type"] == "image/png"
    assert len(service.counter.drawn) == 31 and known == (len(scaled._made), len(scaled._switches)) == (1, 1)
    assert len({plan.layers[0].style_key for plan in service.counter.drawn}) == 31


def test_pictures_in_memory_are_bounded_in_bytes(service: CountedService, job: str) -> None:
    """The picture used longest ago goes first."""
    store = service.studio.pictures._store
    store._limit_bytes = 20_000  # type: ignore[attr-defined]
    for n in range(60):
        assert service.get(f"{EXPORT.format(job=job)}&bbox=700000,4000000,{700100 + n},4000100").status_code == 200
    assert 0 < store.held_bytes <= 20_000  # type: ignore[attr-defined]


def test_legends_of_nearly_the_same_ratio_are_one(service: CountedService, job: str) -> None:
    """And the style's digest comes along: it is not made for every question."""
    for dpi in (96, 96.00001, 95.99999):
        assert "layers" in service.get(f"/arcgis/rest/services/Demo/MapServer/jobs/{job}/legend?f=json&dpi={dpi}").json()
    assert [plan.layers[0].style_key != "" for plan in service.counter.legends] == [True]


def test_everything_remembered_in_a_process_is_bounded() -> None:
    """Whatever a function remembers of its arguments has a limit, unless it takes none, or a kind of value of ours."""
    endless = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(_is_endless(decorator) for decorator in node.decorator_list):
                endless += [f"{file.relative_to(PACKAGE)}:{node.name}"] if node.args.args else []
    assert sorted(endless) == ["dispatch/process.py:_tell", "dispatch/wire.py:_adapter"]


def _is_endless(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Name):
        return decorator.id in ("cache", "lru_cache")
    if isinstance(decorator, ast.Attribute):
        return decorator.attr == "cache"
    limits = [keyword.value for keyword in getattr(decorator, "keywords", ()) if keyword.arg == "maxsize"]
    return any(isinstance(limit, ast.Constant) and limit.value is None for limit in limits)
