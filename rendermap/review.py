"""Reads every service and layer file the way the service would, and says what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rendermap.dispatch.plan import LegendPlan, SwatchLayer
from rendermap.errors import StyleInvalid
from rendermap.services.reader import read_services
from rendermap.symbology.library import Library
from rendermap.symbology.style import Engine, Style
from rendermap.symbology.template import template_geometry


@dataclass(frozen=True, slots=True)
class Review:
    """What was found: lines with file and place.

    A warning is something drawn by the nearest thing there is; a fault keeps a layer or service from working.
    engine: styles that only the engine can tell right or wrong, by their files.
    """

    services: int
    warnings: tuple[str, ...]
    faults: tuple[str, ...]
    engine: tuple[tuple[Path, Style], ...] = ()


def review(services_dir: Path) -> Review:
    """Looks at every service and layer file below a folder."""
    if not services_dir.is_dir():
        return Review(0, (), (f"{services_dir}: there is no such folder",))
    services, found = read_services(services_dir)
    faults = [str(fault) for fault in found]
    warnings: list[str] = []
    engine: list[tuple[Path, Style]] = []
    library = Library()
    for service in services.values():
        for layer in service.layers:
            if layer.style_path is None or not layer.style_path.is_file():
                continue  # one that is missing is a fault of its service
            try:
                named = library.style_for(layer.style_path, layer.style_layer)
            except StyleInvalid as error:
                reason = error.reason or error.sentence
                faults.append(f"{layer.style_path}: {reason.removeprefix(f'{layer.style_path}: ')}")
                continue
            if named is not None:
                warnings += [f"{layer.style_path}: {warning}" for warning in named.warnings]
                engine += [(layer.style_path, named.style)] if isinstance(named.style.theme, Engine) else []
    return Review(len(services), tuple(warnings), tuple(faults), tuple(engine))


def swatch_plan(style: Style) -> LegendPlan:
    """A plan that has a worker try a style."""
    return LegendPlan((SwatchLayer(0, style.name, template_geometry(style), style),), 1.0, (20, 20))
