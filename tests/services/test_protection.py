"""What a service.toml says of protection reaches the layers it is meant for, and wrong words are told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rendermap.geo.view import PIXEL_M
from rendermap.services.marks import mark_text
from rendermap.services.reader import read_services
from rendermap.services.service import Protection, Service

SERVICE = """\
title = "Depths"

[protection]
{protection}

[[tasks]]
name = "Run"

[[tasks.parameters]]
name = "Seen"
type = "GPRasterDataLayer"
direction = "output"

[[tasks.parameters]]
name = "Asked"
type = "GPRasterDataLayer"
direction = "output"
[tasks.parameters.layer]
access = "identify"

[[tasks.parameters]]
name = "Own"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
access = "identify"
finest_scale = 1000
colors = 5

[[tasks.parameters]]
name = "Freed"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
finest_scale = 0
colors = 0
"""


def read(folder: Path, protection: str) -> tuple[Service | None, list[str]]:
    (folder / "Depths").mkdir()
    (folder / "Depths" / "service.toml").write_text(SERVICE.format(protection=protection), encoding="utf-8")
    services, faults = read_services(folder)
    return services.get("Depths"), [fault.message for fault in faults]


def test_the_services_words_are_for_layers_that_may_only_be_seen(tmp_path: Path) -> None:
    """A layer's own word wins, also on a layer that may be asked about."""
    service, faults = read(tmp_path, "finest_scale = 5000\ncolors = 8")
    assert service and not faults
    esri_pixel_m = 0.0254 / 96
    scales = [layer.finest_scale_denominator and round(layer.finest_scale_denominator * PIXEL_M / esri_pixel_m) for layer in service.layers]
    assert scales == [5000, None, 1000, None]
    assert [layer.colors for layer in service.layers] == [8, 0, 5, 0]


def test_without_words_nothing_is_put_on_pictures(tmp_path: Path) -> None:
    """No watermark, no stamp, no budget, every colour."""
    service, _ = read(tmp_path, "")
    assert service and service.protection == Protection()
    assert [layer.colors for layer in service.layers] == [0, 0, 5, 0]


def test_what_is_put_on_pictures_is_the_services(tmp_path: Path) -> None:
    """The text is kept as written, the budget in megapixels."""
    service, _ = read(tmp_path, 'watermark = "for {who} only"\nstamp = true\npixel_budget = 200')
    assert service and service.protection == Protection("for {who} only", True, 200)


@pytest.mark.parametrize(
    "wrong",
    [
        "colors = 1",
        "colors = 257",
        "finest_scale = -1",
        "pixel_budget = 0",
        'watermark = ""',
        'watermark = "{name}"',
        'watermark = "{who.name}"',
        'watermark = "{who!r}"',
        'watermark = "{"',
        'watermark = "a\\u0007b"',
        "blur = true",
    ],
)
def test_wrong_words_are_told_by_their_key(tmp_path: Path, wrong: str) -> None:
    """A service that does not say plainly how it is protected is not published."""
    service, faults = read(tmp_path, wrong)
    assert service is None
    assert [fault.split(":")[0] for fault in faults] == [f"protection.{wrong.split()[0]}"]


def test_the_usual_mark_says_who_when_and_which_job(tmp_path: Path) -> None:
    """The day alone tells when, so that tiles of one visit fit together; signs that cannot be printed are left out."""
    service, _ = read(tmp_path, "watermark = true")
    assert service
    text = mark_text(service.protection.watermark, "an\u202ena", datetime(2026, 11, 27, 6, 40, tzinfo=UTC), "j1")
    assert text == "anna  2026-11-27\nj1"
