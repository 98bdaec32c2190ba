"""Reads every service and layer file the way the service would, and says what is wrong with them."""

from __future__ import annotations

from pathlib import Path

from rendermap.errors import StyleInvalid
from rendermap.services.reader import read_services
from rendermap.symbology.library import Library


def review(services_dir: Path) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """(number of services, warnings, faults), each a line with file and place.

    A warning is something drawn by the nearest thing there is; a fault keeps a layer or service from working.
    """
    if not services_dir.is_dir():
        return 0, (), (f"{services_dir}: there is no such folder",)
    services, found = read_services(services_dir)
    faults = [str(fault) for fault in found]
    warnings = []
    library = Library()
    for service in services.values():
        for layer in service.layers:
            if layer.style_path is None:
                continue
            try:
                named = library.style_for(layer.style_path, layer.style_layer)
            except StyleInvalid as error:
                reason = error.reason or error.sentence
                faults.append(f"{layer.style_path}: {reason.removeprefix(f'{layer.style_path}: ')}")
                continue
            if named is not None:
                warnings += [f"{layer.style_path}: {warning}" for warning in named.warnings]
    return len(services), tuple(warnings), tuple(faults)
