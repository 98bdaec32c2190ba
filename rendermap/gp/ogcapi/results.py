"""What a process made, taken into the job: values into its document, datasets into its scratch workspace.

Results come as one value that is the answer itself, or as a document of several: by name, each a value, a value with its media type, or a
link.  pygeoapi puts what its process returned into ``{"outputs": [...]}``, usually ``{"id": ..., "value": ...}``.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import httpx

from rendermap.errors import Broken
from rendermap.gp.ogcapi.remote_order import RemoteOrder, folded
from rendermap.gp.ogcapi.server import RemoteFault, Server, download, read, read_json
from rendermap.gp.tool_outputs import MOST_TOLD_BYTES, made_value
from rendermap.jobs.manifest import Run
from rendermap.limits import INPUT_TEXT, REMOTE_DOCUMENT_BYTES
from rendermap.services.datatypes import NUMBER_TYPES, is_dataset_type
from rendermap.services.service import Parameter

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "application/geo+json": ".geojson",
        "application/vnd.geo+json": ".geojson",
        "application/json": ".geojson",
        "image/tiff": ".tif",
        "image/geotiff": ".tif",
        "application/geopackage+sqlite3": ".gpkg",
        "application/x-sqlite3": ".gpkg",
        "application/flatgeobuf": ".fgb",
        "application/vnd.flatgeobuf": ".fgb",
        "application/netcdf": ".nc",
        "application/x-netcdf": ".nc",
        "image/jp2": ".jp2",
        "text/csv": ".csv",
    }
)
"""Of the files that datasets are taken from, by media type."""
_GEOJSON = frozenset(("FeatureCollection", "Feature"))


class Results:
    """Of one job.  names: the process's outputs by those of the task."""

    def __init__(self, server: Server, order: RemoteOrder, run: Run, names: Mapping[str, str]) -> None:
        self._server = server
        self._order = order
        self._run = run
        self._names = names

    async def take(self, response: httpx.Response) -> None:
        """All that the task has outputs for.  Raises RemoteFault."""
        single = self._order.outputs[0] if len(self._order.outputs) == 1 else None
        kind = _media_type(response)
        if single and (kind.endswith("geo+json") or not _is_json(kind)):
            await self._take_body(single, response, kind)
            return
        document = await read_json(response, REMOTE_DOCUMENT_BYTES)
        found = values_in(document, self._names)
        if not found and self._order.outputs:
            raise RemoteFault("The server gave none of the results that the task has.")
        for output in self._order.outputs:
            if found.get(output.name) is not None:
                await self._take_value(output, found[output.name], response.url)

    async def _take_body(self, output: Parameter, response: httpx.Response, kind: str) -> None:
        """The answer is the result."""
        if self._is_dataset(output):
            suffix = SUFFIXES.get(kind) or PurePosixPath(response.url.path).suffix.lower()
            path = self._path(output, suffix)
            await download(response, path)
            await asyncio.to_thread(self._run.output, output.name, path)
        elif kind.startswith("text/"):
            text = (await read(response, INPUT_TEXT)).decode(errors="replace")
            await self._declare(output, _read_text(text) if output.data_type in NUMBER_TYPES | {"GPBoolean"} else text)
        elif _is_json(kind):
            await self._declare(output, await read_json(response, REMOTE_DOCUMENT_BYTES))
        else:
            raise RemoteFault(f"The result {output.name} came as a file and not as a value.", kind)

    async def _take_value(self, output: Parameter, value: Any, base: httpx.URL) -> None:
        if isinstance(value, dict) and isinstance(value.get("href"), str):
            await self._follow(output, value, base)
            return
        kind = ""
        if isinstance(value, dict) and "value" in value:
            kind, encoding, value = str(value.get("mediaType") or ""), value.get("encoding"), value["value"]
            if encoding == "base64" and self._is_dataset(output):
                await self._keep(output, _decoded(output, value), SUFFIXES.get(_bare(kind), ""))
                return
        if not self._is_dataset(output):
            await self._declare(output, value)
        elif isinstance(value, dict) and value.get("type") in _GEOJSON:
            await self._keep(output, await asyncio.to_thread(_written, value), ".geojson")
        else:
            raise RemoteFault(f"The result {output.name} is neither GeoJSON nor a file that is known here.")

    async def _follow(self, output: Parameter, link: Mapping[str, Any], base: httpx.URL) -> None:
        address = self._server.at(link["href"], base)
        async with self._server.asked("GET", address, headers={"Accept": str(link.get("type") or "*/*")}) as response:
            kind = _media_type(response)
            if kind not in SUFFIXES and _bare(str(link.get("type") or "")) in SUFFIXES:
                kind = _bare(str(link["type"]))
            await self._take_body(output, response, kind)

    async def _keep(self, output: Parameter, content: bytes, suffix: str) -> None:
        path = self._path(output, suffix)
        await asyncio.to_thread(path.write_bytes, content)
        await asyncio.to_thread(self._run.output, output.name, path)

    async def _declare(self, output: Parameter, value: Any) -> None:
        try:
            value = made_value(output, value)
        except Broken as error:
            raise RemoteFault(error.sentence, type(value).__name__) from error
        if len(await asyncio.to_thread(_written, value)) > MOST_TOLD_BYTES // max(len(self._order.outputs), 1):
            raise RemoteFault(f"The result {output.name} is too large for a value.")
        await asyncio.to_thread(self._run.value, output.name, value)

    def _is_dataset(self, output: Parameter) -> bool:
        return output.name in self._order.drawn or is_dataset_type(output.data_type)

    def _path(self, output: Parameter, suffix: str) -> Path:
        if suffix not in SUFFIXES.values():
            raise RemoteFault(f"The result {output.name} is no kind of file that is known here.", suffix)
        return self._run.path(f"{output.name}{suffix}")


def values_in(document: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """What stands for each output of the task.  names: the process's outputs by those of the task."""
    if isinstance(document, dict) and set(document) == {"outputs"}:
        document = document["outputs"]
        if isinstance(document, list) and len(document) == 1:
            document = document[0]
    if isinstance(document, list) and document and all(_is_named(each) for each in document):
        document = {each["id"]: each["value"] for each in document}
    elif _is_named(document):
        document = {document["id"]: document["value"]}
    if isinstance(document, dict):
        there = {folded(str(name)): value for name, value in document.items()}
        if found := {own: there[folded(name)] for own, name in names.items() if folded(name) in there}:
            return found
    return dict.fromkeys(names, document) if len(names) == 1 else {}


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and "value" in value


def _media_type(response: httpx.Response) -> str:
    return _bare(response.headers.get("content-type", ""))


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _written(value: Any) -> bytes:
    return json.dumps(value).encode()


def _decoded(output: Parameter, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise RemoteFault(f"The result {output.name} cannot be understood.", str(error)) from error


def _read_text(text: str) -> Any:
    """A number or truth value that came as a text; one that is none stays a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
