"""A layer that may only be seen shows at no scale what its author keeps for scales beyond its bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermap.jobs import manifest
from rendermap.symbology.style import Rules
from tests.builders.counted_service import CountedService, geojson

SERVICE = """
title = "Parcels"
[[tasks]]
name = "Run"
[[tasks.parameters]]
name = "Parcels"
type = "GPFeatureRecordSetLayer"
direction = "output"
[tasks.parameters.layer]
style = "parcels.sld"
access = "{access}"
finest_scale = {scale}
"""
RULE = """<Rule><Title>{title}</Title>{range}<PolygonSymbolizer><Fill><CssParameter name="fill">#{color}</CssParameter></Fill>
</PolygonSymbolizer></Rule>"""
CLOSE = RULE.format(title="close", range="<MaxScaleDenominator>2000</MaxScaleDenominator>", color="aa0000")
FAR = RULE.format(title="far", range="<MinScaleDenominator>2000</MinScaleDenominator>", color="00aa00")
SLD = f"""<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld"><NamedLayer><Name>parcels</Name><UserStyle>
<FeatureTypeStyle>{CLOSE}{FAR}</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"""


def drawn_rules(folder: Path, access: str, scale: int, pixel_m: float, dpi: int) -> list[str]:
    """The rules by which a picture of so large pixels and so many dots per inch is drawn."""
    service = CountedService(folder, {"Demo": SERVICE.format(access=access, scale=scale)})
    (folder / "services" / "Demo" / "parcels.sld").write_text(SLD, encoding="utf-8")
    with manifest.start(service.jobs, service="Demo", task="Run", inputs={}) as run:
        run.path("Parcels.geojson").write_text(geojson())
        run.output("Parcels", "%scratchworkspace%/Parcels.geojson")
    x, y, side = 702_000, 4_002_000, 100 * pixel_m
    frame = {"bbox": f"{x},{y},{x + side},{y + side}", "size": "100,100", "bboxSR": "32616", "imageSR": "32616", "f": "image"}
    service.get(f"/arcgis/rest/services/Demo/MapServer/jobs/{run.job_id}/export", **frame, dpi=dpi)
    (plan,) = service.counter.drawn
    (layer,) = plan.layers
    assert isinstance(layer.style.theme, Rules)
    return [rule.label for rule in layer.style.theme.rules]


@pytest.mark.parametrize(("pixel_m", "dpi"), [(0.1, 96), (0.01, 96), (2.0, 20), (0.2, 500)])
def test_rules_for_closer_scales_are_not_drawn(tmp_path: Path, pixel_m: float, dpi: int) -> None:
    """Neither in a view that is too fine nor in a coarse one that few dots per inch make count as fine."""
    assert drawn_rules(tmp_path, "view", 5000, pixel_m, dpi) == ["far"]


def test_within_the_bound_they_are(tmp_path: Path) -> None:
    """A layer that may be seen at 1:500 has its close rules there."""
    assert drawn_rules(tmp_path, "view", 500, 0.3, 96) == ["close"]
