"""Paths of the server stay on the server."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rendermap.jobs.redaction import value_without_paths, without_folders, without_own_paths, without_paths


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Executing (Viewshed): /data/jobs/j1/scratch/dem.tif done", "Executing (Viewshed): [path] done"),
        (r"cannot open C:\arcgis\jobs\x.gdb now", "cannot open [path] now"),
        (r"C:\My Documents\x.gdb now", "[path] now"),
        ("C:/Program Files/x y.tif is gone", "[path] is gone"),
        (r"\\srv\a b\c", "[path]"),
        (r"\\srv\a b\c is gone", "[path] is gone"),
        ("C:/arcgis/x.gdb failed", "[path] failed"),
        (r"read \\server\share\dem.tif", "read [path]"),
        ("read //server/share/dem.tif", "read [path]"),
        ("ERROR 000732: 'file:///srv/x.tif'", "ERROR 000732: '[path]'"),
        ("file:///srv/x.tif gone", "[path] gone"),
        ("Dataset:/srv/arcgis/x.tif", "Dataset:[path]"),
        ("in /srv", "in [path]"),
        ("/data/My Jobs/x/s.tif done", "[path] done"),
        ("/data/jobs/my result.tif done", "[path] done"),
        ("/x/y z.tif", "[path]"),
        ("'/data/My Jobs/the job' is gone", "'[path]' is gone"),
        ('"Dataset:/data/My Jobs/x y" is gone', '"Dataset:[path]" is gone'),
        ('{"a":"/srv/x","b":3}', '{"a":"[path]","b":3}'),
        ("copied /a/b to /c/d.", "copied [path] to [path]."),
        ("(see /srv/x)", "(see [path])"),
        ("/vsizip//srv/x.zip, ../../etc/passwd, ~/data", "[path], [path], [path]"),
        ("postgresql://u:p@h/db and s3://bucket/key", "[path] and [path]"),
        ("http://user:word@host/x", "[path]"),
        (r'"\/srv\/gis\/x.tif"', '"[path]"'),
        ("read %2Fsrv%2Fgis%2Fx.tif", "read [path]"),
        ("file%3A///srv/x", "[path]"),
        ("demo/x_gpserver/j1/scratch/x.tif and scratch/y.tif", "[path] and [path]"),
        (r"data\gis\x.tif is gone", "[path] is gone"),
        ("ü/srv/data, 1/srv/data", "ü[path], 1[path]"),
        ("https://host/x?file=/srv/data/x.tif&a=1", "https://host/x?file=[path]&a=1"),
        ("PG:host=db password=geheim dbname=x", "PG:host=db password=[secret] dbname=x"),
        ("No such file: PosixPath('/srv/x')", "No such file: PosixPath('[path]')"),
        ("srv/data/x.tif is gone", "[path] is gone"),
    ],
)
def test_paths_are_left_out(text: str, shown: str) -> None:
    """Of whatever system, with a name before them, alone, quoted, and with blanks in their names."""
    assert without_paths(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Speed 3 m/s, 1/2 of the cells, and/or more",
        "50 %/a, 10 km/h, 2024/03/01 12:30, N/A, TCP/IP, image/png",
        "See https://example.org/help/page, or http://a.b/c?d=/e",
        "WGS 84 / UTM zone 32N, EPSG:4326, urn:ogc:def:crs:EPSG::32616",
        "<b>bold</b><br/>, [red]wrong[/red]",
        "%scratchworkspace%/x.tif",
        "x / y, a:b, C: /",
        "home/work, root/shoot ratio",
    ],
)
def test_what_is_no_path_stays(text: str) -> None:
    """Fractions, units, dates, media types, addresses, codes and tags."""
    assert without_paths(text) == text


FOLDERS = (Path("/vol7/maps/the jobs"),)


@pytest.mark.parametrize("clean", [without_paths, without_own_paths, without_folders])
@pytest.mark.parametrize(
    "spelt",
    [
        "/vol7/maps/the jobs/a_gpserver/j1/x.tif",
        "/vol7/maps/the jobs",
        r"\/vol7\/maps\/the jobs\/a_gpserver\/x.tif",
        "%2Fvol7%2Fmaps%2Fthe%20jobs%2Fa%2Fx.tif",
        r"\\vol7\\maps\\the jobs\\x.tif",
        "/VOL7/maps/the jobs/x.tif",
        "/vol7//maps/././the jobs/./x.tif",
    ],
)
def test_own_folders_are_left_out_however_they_are_spelt(clean: Callable[[str, tuple[Path, ...]], str], spelt: str) -> None:
    """With escaped slashes, as in an address, with backslashes, after a letter; in messages, values and inputs alike."""
    assert clean(f"ü{spelt} is whole", FOLDERS) == "ü[path] is whole"


@pytest.mark.parametrize(
    "text", ['ü</script>\\"}', "/maps/3/export", '{"a": "/b/c"}', "see https://a.b/c", "N:\\", "<b>/</b>", "1/2/3", "No such file: x"]
)
def test_values_for_programs_stay(text: str) -> None:
    """Markup, JSON and addresses within a site are no paths of the server, and a program would get something else in silence."""
    assert value_without_paths({"a": [text]}) == {"a": [text]}


def test_a_quoted_path_in_a_value_ends_with_its_quotes() -> None:
    """Blanks in the names of its folders leave nothing of it behind; an address that is whole stays."""
    assert without_own_paths("read '/srv/a b/c d.tif', \"/srv/x y\"") == "read '[path]', \"[path]\""
    assert (
        without_own_paths('{"href": "https://a.example/home/viewer/index.html?x=1"}')
        == '{"href": "https://a.example/home/viewer/index.html?x=1"}'
    )


def test_inputs_stay_but_for_own_folders() -> None:
    """Whoever sent a text reads it as it was sent."""
    assert without_folders("/etc/secret", FOLDERS) == "/etc/secret"


def test_a_unit_after_a_path_stays() -> None:
    """A blank belongs to a path only where a name goes on after it."""
    assert without_paths("/srv/x at 3 m/s and 1/2") == "[path] at 3 m/s and 1/2"


def test_values_are_cleaned_at_any_depth() -> None:
    """Keys, lists and tables in tables; numbers and truth stay what they are."""
    value = {"files": ["/srv/a", {"/srv/b": 2.5}], "ok": True, "none": None}
    assert value_without_paths(value) == {"files": ["[path]", {"[path]": 2.5}], "ok": True, "none": None}


@pytest.mark.parametrize(
    "text",
    [
        "/" * 20000,
        "/a " * 9000,
        "C:" + "\\" * 9000,
        "'/" * 9000,
        "/x " + "word " * 9000,
        "/s/" + "a." * 20000,
        "a\\" * 9000,
        "scratch/" * 9000,
        "a_gpserver" * 4000,
        "%2F" * 20000,
        "." * 40000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """What a tool writes cannot hold up the service."""
    began = time.perf_counter()
    without_paths(text, FOLDERS)
    without_own_paths(text, FOLDERS)
    assert time.perf_counter() - began < 1
