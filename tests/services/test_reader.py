"""service.toml -> Service: ids, scales, groups, and every fault at its line."""

import os
from pathlib import Path

import pytest

from rendermap.geo.view import PIXEL_M
from rendermap.review import review
from rendermap.services.reader import LARGEST_BYTES, Services, read_services
from rendermap.services.service import Access, Direction, Service

FULL = """\
title = "What the lookouts see"
description = "Ground visible from fire lookouts."
credits = "SRTM"
crs = "32616"
message_level = "warning"

[extras]
contact = "maps@example.org"

[[tasks]]
name = "Viewshed"
title = "Viewshed"
description = "Looks around."

[[tasks.parameters]]
name = "Height"
title = "Height of the eye"
type = "GPDouble"
default = 12
choices = []

[[tasks.parameters]]
name = "When"
type = "GPDate"
required = false
default = 2026-03-01T12:00:00Z

[[tasks.parameters]]
name = "Lookouts"
title = "Lookouts"
type = "GPFeatureRecordSetLayer"
direction = "output"

[[tasks.parameters]]
name = "Near"
title = "Near ground"
type = "GPRasterDataLayer"
direction = "output"
[tasks.parameters.layer]
dataset = "%scratchworkspace%/near.tif"
style = "near.lyrx"
style_layer = "Near"
min_scale = 100000
max_scale = 5000.0
visible = false
access = "identify"
group = "Ground"
opacity = 0.5
classification = "from_result"
statistics = "view"

[[tasks.parameters]]
name = "Far"
title = "Far ground"
type = "GPRasterData"
direction = "output"
[tasks.parameters.layer]
group = "Ground"

[[tasks.parameters]]
name = "Share"
type = "GPDouble"
direction = "output"

[[tasks.parameters]]
name = "Report"
type = "GPString"
direction = "output"

[[tasks]]
name = "Slope"
[[tasks.parameters]]
name = "Slope"
type = "GPString"
direction = "output"
[tasks.parameters.layer]
dataset = "%scratchgdb%/slope"
"""

SMALL = """\
title = "T"
[[tasks]]
name = "Slope"
[[tasks.parameters]]
name = "Slope"
type = "GPRasterDataLayer"
direction = "output"
"""


SHARE = 'type = "GPDouble", maximum = 100'


def columns(*bodies: str) -> str:
    """All of one name."""
    return "columns = [" + ", ".join(f'{{ name = "Share", {body} }}' for body in bodies) + "]"


def table(column: str, default: str = "[]") -> str:
    """The type of a value table of one column, and what comes with it."""
    return f'"GPValueTable"\ndefault = {default}\n{columns(column)}'


def write_service(services_dir: Path, name: str, text: str, *layer_files: str) -> Path:
    """A service's folder with its files."""
    folder = services_dir / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in layer_files:
        (folder / file).write_text("{}")
    (folder / "service.toml").write_text(text, encoding="utf-8")
    return folder / "service.toml"


def read_one(tmp_path: Path, text: str, *layer_files: str) -> Service:
    """The one service of a folder without faults."""
    write_service(tmp_path, "Demo/Viewshed", text, *layer_files)
    services, faults = read_services(tmp_path)
    assert faults == ()
    return services["Demo/Viewshed"]


def faults_of(tmp_path: Path, text: str) -> list[str]:
    """``line: message`` of every fault."""
    path = write_service(tmp_path, "Viewshed", text)
    services, faults = read_services(tmp_path)
    assert services == {}
    return [str(fault).removeprefix(f"{path}:") for fault in faults]


def test_a_whole_service_is_read(tmp_path: Path) -> None:
    """Every key of the manual arrives where it belongs."""
    service = read_one(tmp_path, FULL, "near.lyrx")
    assert (service.title, service.credits, service.crs, service.message_level) == (
        "What the lookouts see",
        "SRTM",
        "EPSG:32616",
        "warning",
    )
    assert service.extras == {"contact": "maps@example.org"}
    assert [task.name for task in service.tasks] == ["Viewshed", "Slope"]
    assert [task.display_name for task in service.tasks] == ["Viewshed", "Slope"]
    height, when, lookouts, *_ = service.tasks[0].parameters
    assert (height.direction, height.data_type, height.default, height.display_name) == (
        Direction.INPUT,
        "GPDouble",
        12,
        "Height of the eye",
    )
    assert (when.required, when.default) == (False, "2026-03-01T12:00:00+00:00")
    assert lookouts.direction is Direction.OUTPUT


def test_the_columns_of_a_value_table(tmp_path: Path) -> None:
    """Parameters of their own, of which cells may be empty that are not required; a default fits them."""
    name = '{ name = "Zone", type = "GPString", title = "Zone of the plan", choices = ["a", "b"], required = false }'
    text = f'"GPValueTable"\ndefault = [["a", 50]]\ncolumns = [{name}, {{ name = "Share", {SHARE} }}]'
    parameter = read_one(tmp_path, SMALL.replace('"GPRasterDataLayer"', text, 1)).tasks[0].parameters[0]
    zone, share = parameter.columns
    assert (zone.display_name, zone.choices, zone.required, share.display_name, share.maximum) == (
        "Zone of the plan", ("a", "b"), False, "Share", 100,
    )  # fmt: skip
    assert parameter.default == [["a", 50]]


def test_ids_go_by_output_order_through_all_tasks_with_groups_before_their_members(tmp_path: Path) -> None:
    """Geographic outputs always have a layer, texts only when one is described, numbers never."""
    service = read_one(tmp_path, FULL, "near.lyrx")
    assert [(layer.id, layer.parameter, layer.name, layer.group) for layer in service.layers] == [
        (0, "Lookouts", "Lookouts", None),
        (2, "Near", "Near ground", 1),
        (3, "Far", "Far ground", 1),
        (4, "Slope", "Slope", None),
    ]
    assert [(group.id, group.name) for group in service.groups] == [(1, "Ground")]


def test_a_layer_says_how_it_is_drawn(tmp_path: Path) -> None:
    """Scales are Esri's 96-dpi scales outside and 0.28-mm scales inside; the layer file is beside the service."""
    layer = read_one(tmp_path, FULL, "near.lyrx").layers[1]
    assert layer.style_path == tmp_path / "Demo" / "Viewshed" / "near.lyrx"
    assert layer.min_scale_denominator == pytest.approx(100000 * 0.0254 / 96 / PIXEL_M)
    assert layer.max_scale_denominator == pytest.approx(5000 * 0.0254 / 96 / PIXEL_M)
    assert (layer.visible, layer.access, layer.opacity, layer.classification) == (False, Access.IDENTIFY, 0.5, "from_result")
    assert layer.statistics == "view"
    assert (layer.dataset, layer.style_layer, layer.data_type) == ("%scratchworkspace%/near.tif", "Near", "GPRasterDataLayer")


def test_a_layer_of_which_nothing_is_said_is_plainly_visible(tmp_path: Path) -> None:
    """View only, unlimited in scale, styled from the data."""
    layer = read_one(tmp_path, SMALL).layers[0]
    assert (layer.access, layer.visible, layer.style_path, layer.dataset) == (Access.VIEW, True, None, None)
    assert (layer.min_scale_denominator, layer.max_scale_denominator) == (None, None)


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ('title = "T"\n', "", "1: title: Field required"),
        ('title = "T"\n', 'title = "T"\ntitel = "T"\n', "2: titel: not a key that is known here"),
        ('title = "T"\n', 'title = "T"\ncrs = "EPSG:0"\n', "2: crs: expected a coordinate reference system such as EPSG:25832"),
        (
            'title = "T"\n',
            'title = "T"\nmessage_level = "loud"\n',
            "2: message_level: Input should be 'none', 'error', 'warning' or 'info'",
        ),
        ('title = "T"\n', 'title = "T\n', "1: not TOML: Illegal character '\\n' (at line 1, column 11)"),
        ('"GPRasterDataLayer"', '"Raster"', "6: tasks[0].parameters[0].type: expected one of GPBoolean, GPLong"),
        ('"output"', '"out"', "7: tasks[0].parameters[0].direction: Input should be 'input' or 'output'"),
        ('"output"', '"output"\nrequired = 1', "8: tasks[0].parameters[0].required: Input should be a valid boolean"),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\nopacity = 2',
            "9: tasks[0].parameters[0].layer.opacity: Input should be less than or equal to 1",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\naccess = "all"',
            "9: tasks[0].parameters[0].layer.access: Input should be 'view'",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\nclassification = "no"',
            "9: tasks[0].parameters[0].layer.classification: Input should be 'auto'",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\nmin_scale = -1',
            "9: tasks[0].parameters[0].layer.min_scale: Input should be greater than",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\nmin_scale = 1\nmax_scale = 2',
            "8: tasks[0].parameters[0].layer: min_scale is the farthest",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\nstyle_layer = "a"',
            "8: tasks[0].parameters[0].layer: style_layer names a layer of the file",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\nend_time_field = "a"',
            "8: tasks[0].parameters[0].layer: end_time_field is for layers with a time_field",
        ),
        (
            '"output"',
            '"output"\n[tasks.parameters.layer]\ntime_step_h = 24',
            "8: tasks[0].parameters[0].layer: time_step_h is for layers with a time_field",
        ),
        ('"output"', '"input"\n[tasks.parameters.layer]\nopacity = 1', "4: tasks[0].parameters[0]: only output parameters have a layer"),
        ('"GPRasterDataLayer"', '"GPDouble"\nlayer = {}', "4: tasks[0].parameters[0]: an output of type GPDouble is not drawn"),
        ('"GPRasterDataLayer"', '"GPDouble"\ndefault = "a"', "4: tasks[0].parameters[0]: the default does not fit the type GPDouble"),
        (
            '"GPRasterDataLayer"',
            '"GPString"\ndefault = "a"\nchoices = ["b"]',
            "4: tasks[0].parameters[0]: the default is none of the choices",
        ),
        ('"GPRasterDataLayer"', '"GPLong"\nminimum = 3\nmaximum = 2', "4: tasks[0].parameters[0]: the minimum is larger than the maximum"),
        ('"GPRasterDataLayer"', '"GPLong"\nmaximum = 2\ndefault = 3', "4: tasks[0].parameters[0]: the default lies beyond the minimum"),
        ('"GPRasterDataLayer"', f'"GPString"\n{columns(SHARE)}', "4: tasks[0].parameters[0]: only GPValueTable has columns"),
        ('"GPRasterDataLayer"', table('type = "GPString", maximum = 3'), "8: tasks[0].parameters[0].columns[0]: only GPDouble and GPLong"),
        ('"GPRasterDataLayer"', table('type = "GPDataFile"'), "8: tasks[0].parameters[0].columns[0].type: expected one of GPBoolean"),
        ('"GPRasterDataLayer"', table(SHARE, "[[1, 2]]"), "4: tasks[0].parameters[0]: each row of the default must have a value for each"),
        ('"GPRasterDataLayer"', table(SHARE, '[["a"]]'), "4: tasks[0].parameters[0]: a value of the default does not fit its column"),
        ('"GPRasterDataLayer"', table(SHARE, "[[101]]"), "4: tasks[0].parameters[0]: a value of the default does not fit its column"),
        ('"GPRasterDataLayer"', f'"GPValueTable"\n{columns(SHARE, SHARE)}', "4: tasks[0].parameters[0]: two columns have the same name"),
        ('"GPRasterDataLayer"', '"GPString"\nminimum = 3', "4: tasks[0].parameters[0]: only GPDouble and GPLong have a minimum"),
        ('"GPRasterDataLayer"', '"GPString"\ngeometry = "line"', "4: tasks[0].parameters[0]: only inputs of type GPFeatureRecordSetLayer"),
        ('name = "Slope"\n[[', 'name = "Slo/pe"\n[[', "3: tasks[0].name: String should match pattern"),
    ],
)
def test_a_fault_is_shown_at_its_line(tmp_path: Path, was: str, now: str, fault: str) -> None:
    """File, line, place, and what was expected."""
    assert was in SMALL
    [found] = faults_of(tmp_path, SMALL.replace(was, now, 1))
    assert found.startswith(fault)


def test_all_faults_are_gathered_at_once(tmp_path: Path) -> None:
    """One reading shows everything that is wrong."""
    text = SMALL.replace('"GPRasterDataLayer"', '"Raster"').replace('title = "T"', "titel = 1")
    assert [fault.partition(":")[0] for fault in sorted(faults_of(tmp_path, text))] == ["1", "1", "6"]


def test_names_that_differ_in_case_alone_are_a_fault(tmp_path: Path) -> None:
    """Parameters, tasks and services are found without regard to case."""
    twice = SMALL + '[[tasks.parameters]]\nname = "slope"\ntype = "GPLong"\n[[tasks]]\nname = "SLOPE"\n'
    assert [fault.split(" ")[:2] for fault in faults_of(tmp_path, twice)] == [
        ["12:", "tasks[1].name:"],
        ["9:", "tasks[0].parameters[1].name:"],
    ]
    (tmp_path / "Viewshed" / "service.toml").unlink()
    write_service(tmp_path, "Demo", SMALL)
    write_service(tmp_path, "demo", SMALL)
    services, faults = read_services(tmp_path)
    assert list(services) == ["Demo"]
    assert "there is another service demo" in str(faults[0])


def test_a_group_in_two_pieces_is_a_fault(tmp_path: Path) -> None:
    """Ids go by output order, so a group's members must follow each other."""
    output = '[[tasks.parameters]]\nname = "{}"\ntype = "GPRasterData"\ndirection = "output"\n{}'
    grouped = '[tasks.parameters.layer]\ngroup = "G"\n'
    text = 'title = "T"\n[[tasks]]\nname = "A"\n' + output.format("a", grouped) + output.format("b", "") + output.format("c", grouped)
    assert faults_of(tmp_path, text) == ["19: tasks[0].parameters[2].layer.group: the outputs of group G do not follow each other"]


def test_a_group_may_be_hidden_until_it_is_asked_for(tmp_path: Path) -> None:
    """A group is visible unless its task says otherwise; saying so of a group without members is a fault."""
    text = 'title = "T"\n[[tasks]]\nname = "A"\n[[tasks.groups]]\nname = "{}"\nvisible = false\n'
    output = '[[tasks.parameters]]\nname = "{0}"\ntype = "GPRasterData"\ndirection = "output"\nlayer = {{ group = "{0}" }}\n'
    members = output.format("G") + output.format("H")
    assert [(g.name, g.visible) for g in read_one(tmp_path, text.format("G") + members).groups] == [("G", False), ("H", True)]
    assert faults_of(tmp_path / "other", text.format("X") + members) == ["5: tasks[0].groups[0].name: no output is in a group X"]


def test_a_missing_layer_file_is_a_fault_that_leaves_the_service(tmp_path: Path) -> None:
    """The other layers of the service still draw; `rendermap check` tells it once."""
    write_service(tmp_path, "Slope", SMALL + '[tasks.parameters.layer]\nstyle = "none.lyrx"\n')
    assert len(review(tmp_path).faults) == 1
    services, [fault] = read_services(tmp_path)
    assert list(services) == ["Slope"]
    assert (fault.line, fault.message) == (9, "tasks[0].parameters[0].layer.style: there is no layer file none.lyrx")


def test_a_layer_file_outside_the_services_is_not_published(tmp_path: Path) -> None:
    """A neighbouring service's layer file may be shared, any other file of the machine may not."""
    layer = SMALL + '[tasks.parameters.layer]\nstyle = "{}"\n'
    write_service(tmp_path / "styles", "Other", SMALL, "shared.lyrx")
    write_service(tmp_path / "styles", "Slope", layer.format("../Other/shared.lyrx"))
    assert read_services(tmp_path / "styles")[1] == ()
    (tmp_path / "outside.lyrx").write_text("{}")
    write_service(tmp_path / "styles", "Slope", layer.format("../../outside.lyrx"))
    services, [fault] = read_services(tmp_path / "styles")
    assert list(services) == ["Other"]
    assert fault.message.endswith("../../outside.lyrx lies outside the services folder")


def test_a_folder_that_cannot_be_an_address_is_a_fault(tmp_path: Path) -> None:
    """Blanks and dashes in a service's folder are said, not published."""
    write_service(tmp_path, "My service", SMALL)
    services, [fault] = read_services(tmp_path)
    assert services == {}
    assert "My service" in fault.message


def test_folders_without_service_toml_and_hidden_ones_are_no_services(tmp_path: Path) -> None:
    """Layer files alone publish nothing."""
    (tmp_path / "Loose").mkdir()
    (tmp_path / "Loose" / "a.lyrx").write_text("{}")
    write_service(tmp_path, ".git/hooks", "nonsense")
    write_service(tmp_path, "a/b/c", SMALL)
    assert read_services(tmp_path) == ({}, ())
    assert read_services(tmp_path / "missing") == ({}, ())


def test_a_service_counts_without_a_restart(tmp_path: Path) -> None:
    """Added, changed, broken, mended and removed files are seen at the next look; untouched services stay the same objects."""
    services = Services(tmp_path, check_every_s=0)
    assert services.current() == {}
    write_service(tmp_path, "One", SMALL)
    two = write_service(tmp_path, "Two", SMALL)
    first = services.current()
    assert sorted(first) == ["One", "Two"]
    two.write_text(SMALL.replace('"T"', '"changed"'))
    second = services.current()
    assert second["Two"].title == "changed"
    assert second["One"] is first["One"]
    two.write_text("broken")
    assert sorted(services.current()) == ["One"]
    assert len(services.faults) == 1
    two.unlink()
    assert (sorted(services.current()), services.faults) == (["One"], ())


def test_the_files_are_looked_at_only_so_often(tmp_path: Path) -> None:
    """A picture request does not pay for a walk through all services."""
    services = Services(tmp_path, check_every_s=3600)
    assert services.current() == {}
    write_service(tmp_path, "One", SMALL)
    assert services.current() == {}


def test_text_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    """TOML is UTF-8; another encoding is said."""
    path = write_service(tmp_path, "One", SMALL)
    path.write_bytes(os.fsencode(SMALL) + b"# \xe4\n")
    services, [fault] = read_services(tmp_path)
    assert services == {}
    assert "not TOML" in fault.message


@pytest.mark.parametrize(
    "text",
    [
        "extras = {a = " + "[" * 5000,
        "extras = {a = " + "9" * 5000 + "}",
        SMALL + '[tasks.parameters.layer]\nstyle = "a\\u0000b.lyrx"\n',
        SMALL + f'[tasks.parameters.layer]\nstyle = "{"a" * 5000}.lyrx"\n',
        SMALL + "#" * LARGEST_BYTES,
    ],
    ids=["deep", "number", "null", "long", "large"],
)
def test_what_upsets_its_readers_is_a_fault_of_one_service(tmp_path: Path, text: str) -> None:
    """Whatever a service.toml holds (D9), it is that service's fault alone: the others are published."""
    write_service(tmp_path, "One", SMALL)
    write_service(tmp_path, "Two", text)
    services, faults = read_services(tmp_path)
    assert list(services) == ["One"] and [fault.file.parent.name for fault in faults] == ["Two"]
