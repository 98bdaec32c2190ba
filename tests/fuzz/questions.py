"""Good requests of every protocol about one job, as clients send them: what is damaged later."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

from rendermap.access import realm
from rendermap.access.doorkeeper import Doorkeeper
from rendermap.access.grant import UNBOUNDED, Link, Operation
from rendermap.access.realm import ApiKey
from tests.builders.recorded_arcgis import DOCUMENTS, PICTURES, QUESTIONS
from tests.builders.register import PASSWORD, SOUTH, WEST, Register
from tests.builders.served import tile_at

SECRET = "a key for tests alone"
API_KEY = "rmk_fuzzed"
PLACE = (-84.764, 36.1346)
"""Longitude and latitude of the middle."""
FORM = ("Content-Type", "application/x-www-form-urlencoded")
BOX = {"bbox": f"{WEST:.0f},{SOUTH:.0f},{WEST + 2400:.0f},{SOUTH + 2400:.0f}", "bboxSR": "32616", "size": "64,48"}


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it goes over the wire.

    name: of the good one it was made from.  is_whole: it is framed as HTTP wants it, so that an answer must come.
    """

    name: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_whole: bool = True

    def wire(self) -> bytes:
        """Its bytes; letters beyond Latin-1 as UTF-8."""
        named = {name.lower() for name, _ in self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1", *([] if "host" in named else ["Host: maps.example"])]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body and "content-length" not in named and "transfer-encoding" not in named:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + self.body


def prepare(register: Register) -> str:
    """Gives the realm an API key and a key that signs; the result is a link's token."""
    access = register.folder / "access"
    realm.write_keys(access, {"portal": ApiKey(digest=hashlib.sha256(API_KEY.encode()).hexdigest())})
    now = int(time.time())
    link = Link("fuzzed", "Land/Register", register.private_id, None, Operation.VIEW, UNBOUNDED, now, now, now + 86_400)
    return Doorkeeper(access, (SECRET,), SECRET).link_token(link)


def recorded(register: Register, address: str, link_token: str) -> tuple[Question, ...]:
    """All of them.  address: of the service, without a trailing slash."""
    with httpx.Client(base_url=address, timeout=60) as client:
        tilejson = client.get(f"/xyz/Land/Register/jobs/{register.job_id}/tilejson.json")
        legend = client.get(f"{_map(register)}/legend?f=json").json()
        told = client.get(f"{_map(register)}/export?{urlencode(BOX | {'f': 'json'})}").json()
        picture = client.get(f"{_map(register)}/export?{urlencode(BOX | {'f': 'image'})}")
        style = client.get("/docs").text.split("/static/")[1].split('"')[0]
    version = tilejson.json()["tiles"][0].split("/tiles/")[1].split("/")[0]
    swatch = legend["layers"][0]["legend"][0]["url"]
    tag = ("If-None-Match", picture.headers["etag"])
    return (
        *_arcgis(register, swatch, "/" + told["href"].split("/", 3)[3], tag),
        *_of_clients(register),
        *_tiles(register, version, tag),
        *_pages(register, version, style),
        *_doors(register, link_token),
    )


def _map(register: Register) -> str:
    return f"/arcgis/rest/services/Land/Register/MapServer/jobs/{register.job_id}"


def _get(name: str, path: str, *headers: tuple[str, str], **query: str) -> Question:
    return Question(name, "GET", f"{path}?{urlencode(query)}" if query else path, headers)


def _arcgis(register: Register, swatch: str, href: str, tag: tuple[str, str]) -> Iterator[Question]:
    here, rest = _map(register), "/arcgis/rest/services"
    gp = f"{rest}/Land/Register/GPServer/Value"
    job = f"{gp}/jobs/{register.job_id}"
    dynamic = json.dumps([{"id": 0, "source": {"type": "mapLayer", "mapLayerId": 0}}])
    frame = json.dumps({"xmin": WEST, "ymin": SOUTH, "xmax": WEST + 500, "ymax": SOUTH + 500, "spatialReference": {"wkid": 32616}})
    picture = BOX | {"f": "image", "format": "png32", "transparent": "true", "imageSR": "3857", "dpi": "96", "layers": "show:0,1"}
    yield _get("catalogue", rest, f="json")
    yield _get("info", "/arcgis/rest/info", f="pjson")
    yield _get("map", here, f="json")
    yield _get("map page", f"{rest}/Land/Register/jobs/{register.job_id}/MapServer", f="html")
    yield _get("map callback", f"{rest}/Land/Register_{register.job_id}/MapServer", f="json", callback="dojo.io.script.jsonp_1._done")
    yield _get("template", f"{rest}/Land/Register/MapServer/layers", f="json")
    yield _get("layers", f"{here}/layers", f="json")
    yield _get("layer", f"{here}/1", f="html")
    yield _get("legend", f"{here}/legend", f="json", dpi="192", size="20,20")
    yield _get("swatch", f"{here}/0/images/{swatch}")
    yield _get("export", f"{here}/export", **picture)
    yield _get("export changed", f"{here}/export", tag, **BOX, f="image")
    yield _get("export dynamic", f"{here}/export", **(picture | {"dynamicLayers": dynamic}))
    yield _get("export filtered", f"{here}/export", **(picture | {"layerDefs": '{"0":"worth > 5"}'}))
    yield _get("export frame", f"{here}/export", bbox=frame, size="40,40", f="json", mapScale="25000", time="1,2")
    yield Question("export form", "POST", f"{here}/export", (FORM,), urlencode(picture).encode())
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in picture.items())
    in_parts = ("Content-Type", "multipart/form-data; boundary=b")
    yield Question("export parts", "POST", f"{here}/export", (in_parts,), f"{parts}--b--\r\n".encode())
    yield _get("picture", href)
    yield _get("identify", f"{here}/identify", f="json", geometry="1,2", tolerance="3", mapExtent="0,0,1,1", imageDisplay="9,9,96")
    yield _get("query", f"{here}/0/query", f="json", where="1=1", outFields="*")
    yield _get("task", gp, f="json")
    yield _get("job", job, f="json")
    yield _get("result", f"{job}/results/Depth", f="json", **BOX)
    yield _get("result picture", f"{job}/results/Parcels", f="image", **BOX)
    yield _get("input", f"{job}/inputs/None", f="json")
    yield Question("submit", "POST", f"{gp}/submitJob", (FORM,), b"f=json&Height=12")
    point = {"geometry": {"x": WEST, "y": SOUTH, "spatialReference": {"wkid": 32616}}, "attributes": {"n": 1}}
    inputs = {"Points": json.dumps({"features": [point]}), "Reach": '{"distance":5,"units":"esriMiles"}', "Names": '["a","b"]'}
    context = json.dumps({"extent": json.loads(frame), "outSR": 102100, "processSR": {"wkid": 32616}})
    yield Question("submit values", "POST", f"{gp}/submitJob", (FORM,), urlencode(inputs | {"f": "json", "context": context}).encode())
    yield _get("execute", f"{gp}/execute", **(inputs | {"f": "json", "env:outSR": "102100", "returnZ": "True"}))
    yield Question("submit form", "POST", f"{gp}/submitJob", (FORM,), b"f=html&Height=12&Reach=5&Reach.units=esriMiles&When=2026-01-01")
    yield _get("cancel", f"{job}/cancel", f="json")


def _of_clients(register: Register) -> Iterator[Question]:
    """As they were recorded to be sent; what is more than GET can carry goes as a form."""
    pictures = {name: recorded for name, (recorded, _) in PICTURES.items()}
    documents = {name: recorded for name, (recorded, _) in DOCUMENTS.items()}
    for name, recorded in {**pictures, **documents, **QUESTIONS}.items():
        path, _, query = f"{_map(register)}{recorded}".partition("?")
        query = quote(query, safe="=&,:;*-_.")
        yield Question(name, "GET", f"{path}?{query}")
        yield Question(f"{name}, form"[-24:], "POST", path, (FORM,), query.encode())


def _tile(zoom: int) -> str:
    col, row = tile_at(*PLACE, zoom)
    return f"{zoom}/{col}/{row}"


def _tiles(register: Register, version: str, tag: tuple[str, str]) -> Iterator[Question]:
    here = f"/xyz/Land/Register/jobs/{register.job_id}"
    yield _get("tilejson", f"{here}/tilejson.json", format="webp", ratio="2", layers="0,1")
    yield _get("tile", f"{here}/tiles/{_tile(14)}.png", layers="0,1")
    yield _get("tile again", f"{here}/tiles/{_tile(14)}.png", tag)
    yield _get("tile of a version", f"{here}/tiles/{version}/{_tile(15)}@2x.webp")
    yield _get("fine tile", f"{here}/tiles/{_tile(21)}.png")
    yield _get("legend sheet", f"{here}/legend.png", layers="0")
    yield _get("sld", f"{here}/layers/0/style.sld")


def _pages(register: Register, version: str, style: str) -> Iterator[Question]:
    here = f"/jobs/Land/Register/{register.job_id}"
    html = ("Accept", "text/html,application/xhtml+xml")
    yield _get("jobs", "/", html, service="Land/Register")
    yield _get("page", here, html)
    yield _get("page tile", f"{here}/tiles/{version}/28/{_tile(14)[3:]}.png", layers="default")
    yield _get("download", f"{here}/download.png", bbox="-9437400,4317500,-9434400,4320500", size="60,60", ratio="1", background="white")
    looked_at = {"bbox": "-9437400,4317500,-9434400,4320500", "size": "60,60"}
    yield _get("popup", f"{here}/identify/{version}", at="-9435900,4319000", layers="0,1", reach="5", **looked_at)
    yield _get("sheet", f"{here}/legend.png", layers="0,1")
    yield _get("thumbnail", f"/thumbnails/Land/Register/jobs/{register.job_id}.webp")
    yield _get("state", f"/viewer/api/jobs/Land/Register/{register.job_id}")
    yield _get("docs", "/docs", html)
    yield _get("openapi", "/openapi.json")
    yield _get("static", f"/static/{style}")
    yield _get("health", "/health/ready")


def _doors(register: Register, link_token: str) -> Iterator[Question]:
    private = f"/arcgis/rest/services/Land/Register/MapServer/jobs/{register.private_id}"
    yield _get("private", private, f="json")
    yield _get("private with a key", private, ("X-API-Key", API_KEY), f="json")
    yield _get("private with a bearer", private, ("Authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA"), f="json")
    yield _get("token in the address", private, f="json", token="rmt_WyJhbm5hIiwxXQ.abc")
    yield _get("link", f"/links/{link_token}/jobs/Land/Register/{register.private_id}", ("Accept", "text/html"))
    yield _get("link map", f"/links/{link_token}{private}/export", **BOX, f="image")
    yield _get("link tiles", f"/links/{link_token}/xyz/Land/Register/jobs/{register.private_id}/tilejson.json")
    # with a name that nobody has: what is told is the same, and anna need not wait
    signing = urlencode({"username": "fuzz", "password": PASSWORD, "client": "requestip", "f": "json"})
    yield Question("sign in", "POST", "/tokens/generateToken", (FORM,), signing.encode())
