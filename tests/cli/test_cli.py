"""The command line as people type it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from rendermap.cli import FAULTS, OK, USAGE, app
from rendermap.jobs import manifest
from tests.builders.styles import feature_layer, fill, rgb, simple, style_file, symbol, unique
from tests.builders.vectors import write_features

RUN = CliRunner()
COMMANDS = ("serve", "demo", "draw", "legend", "style", "inspect", "check", "jobs", "prerender", "sweep", "job-worker")


@pytest.fixture
def jobs_dir(tmp_path: Path) -> Path:
    """A jobs directory with a drawn job, and one that failed with a message that looks like markup."""
    import shapely

    with manifest.start(tmp_path / "jobs", service="Parcels", task="Run") as run:
        write_features(run.scratch, [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)], {"name [m]": ["a", "b"]}, name="parcels")
        run.output("Parcels", "%scratchworkspace%/parcels.fgb")
    with pytest.raises(ValueError), manifest.start(tmp_path / "jobs", service="Parcels", task="Run"):
        raise ValueError("Depth [m] is [/red] wrong")
    service = tmp_path / "styles" / "Parcels"
    service.mkdir(parents=True)
    (service / "service.toml").write_text(
        'title = "Parcels"\n[[tasks]]\nname = "Run"\n[[tasks.parameters]]\nname = "Parcels"\ntype = "GPFeatureRecordSetLayer"\n'
        'direction = "output"\n'
    )
    return tmp_path / "jobs"


def run(*words: object, status: int = OK) -> str:
    """What a command prints; its exit status must be the expected one."""
    result = RUN.invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result.output


def job_of(jobs_dir: Path) -> Path:
    """The folder of the drawn job."""
    return next(file.parent.parent for file in jobs_dir.rglob("parcels.fgb"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """People learn a command from its help."""
    text = run(command, "--help")
    assert "Example" in text and f"rendermap {command}" in text


def test_a_job_is_drawn_by_name_and_by_folder(jobs_dir: Path, tmp_path: Path) -> None:
    """The same picture whether the job is named or its folder given."""
    job, styles = job_of(jobs_dir), jobs_dir.parent / "styles"
    for name, what in (("named.png", f"Parcels/{job.name}"), ("folder.png", job)):
        run("draw", what, "-o", tmp_path / name, "--size", "64,32", "--jobs", jobs_dir, "--services", styles)
    named = (tmp_path / "named.png").read_bytes()
    assert named[:4] == b"\x89PNG" and named == (tmp_path / "folder.png").read_bytes()
    run("legend", job, "-o", tmp_path / "legend.png", "--services", styles)
    assert (tmp_path / "legend.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_nobody_published_is_drawn_too(jobs_dir: Path, tmp_path: Path) -> None:
    """Without a service every dataset of the folder is a layer with a style chosen from its data."""
    (tmp_path / "none").mkdir()
    run("draw", job_of(jobs_dir), "-o", tmp_path / "map.webp", "--size", "64,32", "--services", tmp_path / "none")
    assert (tmp_path / "map.webp").read_bytes()[8:12] == b"WEBP"


def pixels_of(file: Path) -> set[tuple[int, ...]]:
    """The colours of a picture."""
    with Image.open(file) as image:
        return {color for _, color in image.convert("RGBA").getcolors(100_000) or ()}


def test_a_style_is_tried_on_a_dataset_without_any_service(jobs_dir: Path, tmp_path: Path) -> None:
    """The layer file's colour is in the picture and in the legend, of the dataset by itself and of the job's layer."""
    file = style_file(tmp_path / "red.lyrx", feature_layer(simple(symbol("Polygon", fill(rgb(200, 20, 30))))))
    job = job_of(jobs_dir)
    dataset, tried = job / "scratch" / "parcels.fgb", ("--style", file)
    # of what is published the box is told coarsely
    frame = ("--size", "64,32", "--bbox", "0,0,20,10")
    for name, what in (("dataset.png", dataset), ("folder.png", job)):
        run("draw", what, *tried, "-o", tmp_path / name, *frame)
        assert (200, 20, 30, 255) in pixels_of(tmp_path / name)
    named = (f"Parcels/{job.name}", *tried, "--jobs", jobs_dir, "--services", jobs_dir.parent / "styles")
    run("draw", *named, "-o", tmp_path / "named.png", *frame)
    assert (tmp_path / "named.png").read_bytes() == (tmp_path / "folder.png").read_bytes()
    for what in ((dataset,), (job,), ()):
        run("legend", *what, *tried, "-o", tmp_path / "legend.png")
        assert (200, 20, 30, 255) in pixels_of(tmp_path / "legend.png")


def test_a_layer_file_is_told_as_it_was_understood(tmp_path: Path) -> None:
    """Classes, colours, filters and what is not drawn as written; a layer that is not there is said."""
    classes = unique(["KIND"], [(["a"], symbol("Polygon", fill(rgb(1, 2, 3)))), (["b"], symbol("Polygon", fill(rgb(4, 5, 6))))])
    table = {"definitionExpression": "AREA > 5"}
    file = style_file(tmp_path / "kinds.lyrx", feature_layer({**classes, "visualVariables": [{"type": "CIMOddity"}]}, featureTable=table))
    said = run("style", file)
    assert "unique values of KIND" in said and "fill #010203" in said and "AREA > 5" in said and "CIMOddity" in said
    assert "no layer" in run("style", file, "--layer", "Other", status=USAGE)
    (tmp_path / "again.sld").write_text(run("style", file, "--to", "sld"))
    assert "unique values of KIND" in run("style", tmp_path / "again.sld")
    (tmp_path / "again.json").write_text(run("style", file, "--to", "drawing_info"))
    assert "fill #010203" in run("style", tmp_path / "again.json")
    assert "drawing_info" in run("style", file, "--to", "css", status=USAGE)
    (tmp_path / "empty.lyrx").write_text("")
    assert "empty" in run("style", tmp_path / "empty.lyrx", status=FAULTS)


def test_what_was_wrongly_asked_is_said(jobs_dir: Path, tmp_path: Path) -> None:
    """Wrong words end with status 2 and a sentence, not with a traceback; what is not there ends with status 1."""
    job, styles = f"Parcels/{job_of(jobs_dir).name}", ("--jobs", jobs_dir, "--services", jobs_dir.parent / "styles")
    target = ("-o", tmp_path / "x.png")
    assert "four" in run("draw", job, *target, "--bbox", "1,2", *styles, status=USAGE)
    assert "colour" in run("draw", job, *target, "--background", "no-such", *styles, status=USAGE)
    assert "png" in run("draw", job, "-o", tmp_path / "x.tif", *styles, status=USAGE)
    assert "cannot be written" in run("draw", job, "-o", tmp_path / "no" / "x.png", *styles, status=USAGE)
    assert "nothing to draw" in run("legend", *target, status=USAGE)
    assert "no such job" in run("draw", "Parcels/j0", *target, *styles, status=FAULTS)
    assert "no jobs directory" in run("serve", "--services", jobs_dir.parent / "styles", status=USAGE)
    assert "workers" in run("serve", "--jobs", jobs_dir, "--workers", "0", status=USAGE)


def test_foreign_text_is_printed_as_it_is(jobs_dir: Path) -> None:
    """Brackets in a tool's message or a field's name are neither markup nor lost."""
    styles = ("--jobs", jobs_dir, "--services", jobs_dir.parent / "styles")
    assert "Depth [m] is [/red] wrong" in run("jobs", *styles)
    assert "name [m]" in run("inspect", job_of(jobs_dir) / "scratch" / "parcels.fgb")
    assert "succeeded" in run("inspect", f"Parcels/{job_of(jobs_dir).name}", *styles)


def test_check_ends_with_one_when_there_is_a_fault(jobs_dir: Path) -> None:
    """A fault is told with file and line, and fails the command."""
    styles = jobs_dir.parent / "styles"
    assert "0 faults" in run("check", "--services", styles)
    file = styles / "Parcels" / "service.toml"
    file.write_text(file.read_text() + 'colour = "red"\n')
    assert "service.toml:8" in run("check", "--services", styles, status=FAULTS)


def test_check_asks_the_engine_about_its_own_styles(jobs_dir: Path) -> None:
    """A colour or a filter that Mapnik does not understand is a fault with its words, before any job meets it."""
    styles = jobs_dir.parent / "styles"
    file = styles / "Parcels" / "service.toml"
    file.write_text(file.read_text() + '[tasks.parameters.layer]\nstyle = "own.xml"\n')
    own = styles / "Parcels" / "own.xml"
    own.write_text('<Style><Rule><Filter>[N] &gt; 3</Filter><PolygonSymbolizer fill="red"/></Rule></Style>')
    assert "0 faults" in run("check", "--services", styles)
    for wrong in ('<Filter>[N] &gt;&gt; 3</Filter><PolygonSymbolizer fill="red"/>', '<PolygonSymbolizer fill="notacolor"/>'):
        own.write_text(f"<Style><Rule>{wrong}</Rule></Style>")
        assert "own.xml" in run("check", "--services", styles, status=FAULTS)


def test_a_port_in_use_is_said_at_once(jobs_dir: Path) -> None:
    """The socket is taken before anything is started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "cannot listen" in run("serve", "--jobs", jobs_dir, "--port", port, status=FAULTS)


def test_every_setting_takes_one_value_of_the_command_line() -> None:
    """None takes up the option that follows it."""
    (serve,) = (command for name, command in typer.main.get_group(app).commands.items() if name == "serve")
    assert {option.name: option.nargs for option in serve.params} == {option.name: 1 for option in serve.params}
    assert "--secret-key" in {text for option in serve.params for text in option.opts}
