"""The walls of the house: who may import whom, and where the outside world may be touched."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "rendermap"
MODULES = tuple(sorted(PACKAGE.rglob("*.py")))

ALLOWED_IMPORTERS = {
    "mapnik": ("render/engine.py",),
    "rasterio": ("render/", "demo/"),
    "pyogrio": ("render/", "demo/"),
    "fastapi": ("frontends/", "app.py"),
    "starlette": ("frontends/", "app.py"),
    "uvicorn": ("hosting.py", "connections.py", "app.py", "demo/"),
    "pickle": ("dispatch/wire.py",),
    "rendermap.settings": (
        "cli.py",
        "hosting.py",
        "options.py",
        "app.py",
        "assembly.py",
        "console.py",
        "review.py",
        "credential_commands.py",
        "prerender/command.py",
        "prerender/drawer_command.py",
        "session.py",
        "demo/",
    ),
    "rendermap.render": ("render/",),
}
"""The demo is a GP server's script with data of its own, run in processes of its own."""

FRONT_ENDS_SEE = (
    "rendermap.service",
    "rendermap.request",
    "rendermap.reply",
    "rendermap.access",
    "rendermap.geo",
    "rendermap.imaging.formats",
    "rendermap.errors",
    "rendermap.limits",
    "rendermap.table",
    "rendermap.frontends",
)
ENVIRONMENT_READERS = ("settings.py", "render/engine.py")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def imports_of(file: Path) -> Iterator[str]:
    """Dotted names a module imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    """True for the package and what is in it."""
    return name == package or name.startswith(f"{package}.")


def place(file: Path) -> str:
    """The module's path inside the package."""
    return file.relative_to(PACKAGE).as_posix()


def test_imports_go_downward_only() -> None:
    """The floors of pyproject.toml hold."""
    assert lint_imports(str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize("package", ALLOWED_IMPORTERS)
def test_a_package_is_imported_where_it_may_be(package: str) -> None:
    """Native readers stay in the workers, HTTP in the front ends, settings at the top, pickles at the wall."""
    allowed = ALLOWED_IMPORTERS[package]
    importers = {place(file) for file in MODULES if any(is_within(name, package) for name in imports_of(file))}
    assert {importer for importer in importers if not importer.startswith(allowed)} == set()


def test_front_ends_see_the_waist_and_nothing_below() -> None:
    """A protocol knows the route, its questions and its answers."""
    strays = {
        (place(file), name)
        for file in MODULES
        if place(file).startswith("frontends/")
        for name in imports_of(file)
        if is_within(name, "rendermap") and name not in ("rendermap", "rendermap.__version__")
        if not any(is_within(name, seen) or is_within(seen, name) for seen in FRONT_ENDS_SEE)
    }
    assert strays == set()


def test_front_ends_are_strangers_to_each_other() -> None:
    """What two protocols share lies beside them, not inside one."""
    folders = {child.name for child in (PACKAGE / "frontends").iterdir() if (child / "__init__.py").exists()}
    strays = {
        (place(file), name)
        for file in MODULES
        if place(file).startswith("frontends/") and file.parent.name in folders
        for name in imports_of(file)
        for other in folders - {file.relative_to(PACKAGE).parts[1]}
        if is_within(name, f"rendermap.frontends.{other}")
    }
    assert strays == set()


def test_the_environment_is_read_in_two_places() -> None:
    """os.environ and os.getenv stand in the settings and where mapnik's own mess is cleaned."""
    readers = set()
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv", "environb"):
                readers.add(place(file))
    assert {reader for reader in readers if reader not in ENVIRONMENT_READERS and not reader.startswith("demo/")} == set()


def test_the_web_process_has_no_native_reader() -> None:
    """Importing the whole service brings neither mapnik nor any GDAL into its process."""
    code = "import sys, rendermap.app, rendermap.assembly; print(*{'mapnik', 'rasterio', 'pyogrio', 'osgeo', 'fiona'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_modules_are_nouns_that_say_something() -> None:
    """A helper lives with its only user or earns a noun."""
    assert {place(file) for file in MODULES if {*file.relative_to(PACKAGE).with_suffix("").parts} & NAMES_THAT_SAY_NOTHING} == set()


def test_modules_say_their_duty_and_keep_their_size() -> None:
    """The first line of a module is one sentence, and none has grown past 400 lines."""
    silent, long = set(), set()
    for file in MODULES:
        text = file.read_text(encoding="utf-8")
        if text.strip() and not (ast.get_docstring(ast.parse(text)) or "").strip():
            silent.add(place(file))
        if text.count("\n") > 400:
            long.add(place(file))
    assert (silent, long) == (set(), set())
