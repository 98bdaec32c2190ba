"""What ``/docs`` says about this front end: the addresses people ask for, with their parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

from rendermap.frontends.arcgis.vocabulary import ENVIRONMENT, EXPORT, FIND, FORM, IDENTIFY, LEGEND, MESSAGES, QUERY, SCHEMAS, TEXT, Words

_TEMPLATE = "/services/{service}/MapServer"
_MAP = f"{_TEMPLATE}/jobs/{{jobId}}"
_ALIAS = "/services/{service}/jobs/{jobId}/MapServer"
_TASK = "/services/{service}/GPServer/{task}"


class Described(NamedTuple):
    """One address as the documentation shows it.  is_file: answers a picture and takes no ``f``."""

    path: str
    summary: str
    parameters: Words = ()
    is_file: bool = False

    def operation(self) -> dict[str, Any]:
        """The parameters and answers as OpenAPI writes them, with all parameters in the address."""
        return {"parameters": [*self._in_path(), *({**one, "in": "query"} for one in self._said())], "responses": self._answers()}

    def form(self) -> dict[str, Any]:
        """The same with the parameters as fields of a form, as clients send what is long."""
        fields = {one["name"]: {**one["schema"], "description": one["description"]} for one in self._said()}
        body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}}
        return {"parameters": self._in_path(), "requestBody": body, "responses": self._answers()}

    def _in_path(self) -> list[dict[str, Any]]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        return [{"name": name, "in": "path", "required": True, "schema": dict(TEXT)} for name in names]

    def _said(self) -> list[dict[str, Any]]:
        said = (*self.parameters, *(() if self.is_file else (FORM,)))
        return [{"name": name, "description": text, "schema": dict(SCHEMAS.get(name, TEXT))} for name, text in said]

    def _answers(self) -> dict[str, Any]:
        """Errors too have the status 200 and are objects with an ``error``; files that are not there have HTTP's own."""
        kinds = ("image/*",) if self.is_file else ("application/json", "text/html", "application/javascript", "image/*")
        return {"200": {"content": {kind: {} for kind in kinds}}}


DESCRIBED = (
    Described("/info", "The server: its version, and where a name and password are exchanged for a token"),
    Described("/services", "Services and folders"),
    Described("/services/{service}/GPServer", "A geoprocessing service"),
    Described(_TASK, "A task and its parameters"),
    Described(f"{_TASK}/jobs/{{jobId}}", "A job: status, messages, results"),
    Described(f"{_TASK}/submitJob", "A new job, which goes on by itself; the inputs are parameters of their own names", ENVIRONMENT),
    Described(f"{_TASK}/execute", "A new job when it is over, with the values of its results", (*ENVIRONMENT, MESSAGES)),
    Described(f"{_TASK}/jobs/{{jobId}}/cancel", "The job, which is cancelled if it is not over and whoever asks may do so"),
    Described(
        f"{_TASK}/jobs/{{jobId}}/results/{{parameter}}", "A result: a map image, or a value; features with f=geojson as GeoJSON", EXPORT
    ),
    Described(f"{_TASK}/jobs/{{jobId}}/inputs/{{parameter}}", "A value the job was given"),
    Described(_MAP, "The map of a job; with f=image a picture of it"),
    Described(f"{_MAP}/export", "A picture of the map, or where it is", EXPORT),
    Described(f"{_MAP}/layers", "All layers"),
    Described(f"{_MAP}/{{layer}}", "A layer"),
    Described(f"{_MAP}/{{layer}}/query", "Features of a layer whose author hands them out; with f=geojson as GeoJSON", QUERY),
    Described(f"{_MAP}/find", "Features that hold a text", FIND),
    Described(f"{_MAP}/identify", "What stands at a place, in layers whose author lets people ask", IDENTIFY),
    Described(f"{_MAP}/legend", "The legend with its swatches", LEGEND),
    Described(f"{_MAP}/{{layer}}/images/{{swatch}}", "A swatch by the name the legend gives it", is_file=True),
    Described(_ALIAS, "The same map, for clients that cut the address after MapServer; everything below it as well"),
    Described(_TEMPLATE, "The layers of a service without a job"),
    Described(f"{_TEMPLATE}/layers", "All layers of a service without a job"),
    Described(f"{_TEMPLATE}/{{layer}}", "A layer of a service without a job"),
    Described(f"{_TEMPLATE}/legend", "The legend of a service without a job", LEGEND),
    Described("/directories/arcgisoutput/{folder}/{file}", "The picture that an export announced as its href", is_file=True),
)
