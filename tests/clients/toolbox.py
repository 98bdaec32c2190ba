"""The Python API for ArcGIS imports a GP service as a toolbox, and runs a tool of it when values are given.

Arguments: the addresses of a portal and of the service, and for a run the tool's name, its values as JSON, where to leave a picture of
the result's map, and the picture's box in web mercator and size.  Prints what it found, as JSON.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path

from arcgis.features import FeatureSet  # type: ignore[import-not-found]
from arcgis.geoprocessing import LinearUnit, import_toolbox  # type: ignore[import-not-found]
from arcgis.gis import GIS  # type: ignore[import-not-found]

portal_url, service_url, *call = sys.argv[1:]
toolbox = import_toolbox(service_url, gis=GIS(portal_url))
tools = {name: tool for name, tool in vars(toolbox).items() if inspect.isfunction(tool) and not name.startswith("_")}
told: dict[str, object] = {"tools": {name: list(inspect.signature(tool).parameters) for name, tool in tools.items()}}


def given(value: object) -> object:
    """A value as this client's users hand it over."""
    if isinstance(value, dict) and "features" in value:
        return FeatureSet.from_dict(value)
    if isinstance(value, dict) and "units" in value:
        return LinearUnit(value["distance"], value["units"])
    return value


def said(value: object) -> str:
    """An address, or the value as text."""
    return str(value.url if hasattr(value, "url") else value.to_dict() if hasattr(value, "to_dict") else value)


if call:
    name, values, picture, box, size = call
    answer = tools[name](**{key: given(value) for key, value in json.loads(values).items()})
    parts = answer._asdict() if hasattr(answer, "_asdict") else {"answer": answer}
    told["answer"] = {key: {"type": type(value).__name__, "text": said(value)} for key, value in parts.items()}
    parts["result_layer"].export_map(
        box,
        bbox_sr=3857,
        image_sr=3857,
        size=size,
        dpi=96,
        image_format="png32",
        transparent=True,
        f="image",
        save_folder=str(Path(picture).parent),
        save_file=Path(picture).name,
    )
print(json.dumps(told))
