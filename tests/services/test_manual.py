"""The manual's page on services is held to the code."""

import re
from pathlib import Path

from rendermap.services.datatypes import DATA_TYPES
from rendermap.services.description import (
    ColumnDescription,
    GroupDescription,
    LayerDescription,
    ParameterDescription,
    ProtectionDescription,
    RunDescription,
    ServiceDescription,
    TableDescription,
    TaskDescription,
)
from rendermap.services.reader import read_services

PAGE = (Path(__file__).parents[2] / "docs" / "services.md").read_text(encoding="utf-8")


def test_the_example_is_a_good_service_with_the_layers_it_says(tmp_path: Path) -> None:
    """Who copies it gets what the page promises."""
    folder = tmp_path / "Terrain" / "Flooding"
    folder.mkdir(parents=True)
    (folder / "service.toml").write_text(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0], encoding="utf-8")
    for name in ("depth.lyrx", "parcels.lyrx"):
        (folder / name).write_text("{}")
    services, faults = read_services(tmp_path)
    assert faults == ()
    service = services["Terrain/Flooding"]
    assert [(group.id, group.name) for group in service.groups] == [(0, "Consequences")]
    assert [(layer.id, layer.name) for layer in service.layers] == [(1, "Affected parcels"), (2, "Closed roads"), (3, "Water depth")]


def test_every_key_and_every_type_is_in_the_manual() -> None:
    """A key that can be written is a key that is explained."""
    models = (ServiceDescription, TaskDescription, GroupDescription, ParameterDescription, ColumnDescription)
    models += (LayerDescription, TableDescription, ProtectionDescription, RunDescription)
    tables = {"tasks", "groups", "parameters", "layer", "table", "protection", "run", "extras"}
    keys = {name for model in models for name in model.model_fields} - tables
    missing = [name for name in (*keys, *DATA_TYPES[:-1]) if f"`{name}`" not in PAGE]
    assert not missing
