"""Outputs find their tool layers."""

from __future__ import annotations

from pathlib import Path

from rendermap.jobs.binding import find_layer
from rendermap.services.service import Direction, Parameter, Service, Task, ToolLayer


def test_a_parameter_is_not_taken_for_a_layer_with_its_name_for_a_title() -> None:
    """A title binds an output only where no parameter is called so."""
    layer = ToolLayer(0, "Reach", "Rings")
    reach = Parameter("Reach", "GPFeatureRecordSetLayer", "Rings", Direction.OUTPUT)
    number = Parameter("Rings", "GPLong", "Number of rings", Direction.OUTPUT)

    def bound(*parameters: Parameter) -> object:
        return find_layer(Service("S", "S", "", (Task("T", "T", "", parameters, (layer,)),), Path()), "T", "rings")

    assert bound(reach) is layer and bound(reach, number) is None
