"""One picture per job and protocol from a running service, and a word on each that is blank or missing."""

from __future__ import annotations

import io
import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from rich.console import Console

from rendermap.demo.making import DEMO_JOBS

JOB_SUFFIX = "_gpserver"
ANSWER_LIMIT_S = 120
EXPORT_PX = (1200, 900)
NOT_FINISHED = 409


@dataclass(frozen=True, slots=True)
class Found:
    """A job folder.  service: as the folders spell it."""

    service: str
    job_id: str

    @property
    def stem(self) -> str:
        """What its pictures' names begin with."""
        return f"{self.service.replace('/', '-')}-{self.job_id[:5]}"


def write_pictures(base_url: str, out_dir: Path, console: Console | None = None) -> list[str]:
    """Write a PNG for each job's export (ArcGIS REST), tile (XYZ) and legend into out_dir; what is wrong, one line each.

    Jobs are those in ``out_dir/jobs``.  A job without a map is shown with what the service says of it.
    """
    say = (console or Console()).print
    for old in out_dir.glob("*.png"):
        old.unlink()
    faults: list[str] = []
    shown = 0
    for job in _jobs(out_dir / "jobs"):
        try:
            addresses = _addresses(base_url, job)
        except urllib.error.HTTPError as error:
            words = _words(error)
            say(f"skipped  {job.service}/{job.job_id}: {words}", highlight=False, markup=False, soft_wrap=True)
            if error.code != NOT_FINISHED:
                faults.append(f"{job.service}/{job.job_id}: {error.code} {words}")
            continue
        shown += 1
        for protocol, address in addresses.items():
            path = out_dir / f"{job.stem}-{protocol}.png"
            fault = _write(address, path)
            faults += [f"{path.name}: {fault}"] if fault else []
            say(f"{'FAULT' if fault else 'wrote':8} {path}", highlight=False, markup=False, soft_wrap=True)
    expected = sum(job.ends == "succeeded" for job in DEMO_JOBS)
    return faults if shown >= expected else [*faults, f"only {shown} of {expected} finished jobs have a map"]


def _jobs(jobs_dir: Path) -> Iterator[Found]:
    for document in sorted(jobs_dir.rglob(f"*{JOB_SUFFIX}/*/scratch")):
        service = document.parent.parent.relative_to(jobs_dir).as_posix().removesuffix(JOB_SUFFIX)
        yield Found(service, document.parent.name)


def _addresses(base_url: str, job: Found) -> dict[str, str]:
    """Protocol -> the address of one picture.  Raises HTTPError when the job has no map."""
    tiles = _document(f"{base_url}/xyz/{job.service}/jobs/{job.job_id}/tilejson.json?ratio=2")
    root = f"{base_url}/arcgis/rest/services/{job.service}/MapServer/jobs/{job.job_id}"
    return {
        "arcgis": f"{root}/export?{_export_query(_document(f'{root}?f=json')['fullExtent'])}",
        "xyz": _middle_tile(tiles),
        "legend": tiles["legend"],
    }


def _export_query(extent: dict[str, Any]) -> str:
    bbox = ",".join(str(extent[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
    size = ",".join(map(str, EXPORT_PX))
    return urllib.parse.urlencode({"bbox": bbox, "size": size, "format": "png32", "transparent": "true", "f": "image"})


def _middle_tile(tilejson: dict[str, Any]) -> str:
    """Address of the tile over the middle of the map, at the zoom the document proposes."""
    longitude, latitude, zoom = tilejson["center"]
    across = 2 ** int(zoom)
    x = int((longitude / 360 + 0.5) * across)
    y = int((0.5 - math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi)) * across)
    address: str = tilejson["tiles"][0]
    return address.replace("{z}", str(int(zoom))).replace("{x}", str(x)).replace("{y}", str(y))


def _write(address: str, path: Path) -> str | None:
    """Fetch a picture and keep it; what is wrong with it, None when nothing is."""
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_LIMIT_S) as answer:
            media_type, body = answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return f"{error.code} {_words(error)}"
    except OSError as error:
        return str(error)
    if media_type != "image/png":
        return f"not a picture but {media_type}: {body[:300].decode(errors='replace')}"
    path.write_bytes(body)
    try:
        return "blank" if is_blank(body) else None
    except UnidentifiedImageError:
        return "not a picture, whatever it says"


def is_blank(body: bytes) -> bool:
    """True for a picture of one colour, or with nothing in it that can be seen."""
    picture = Image.open(io.BytesIO(body)).convert("RGBA")
    bands = [band.getextrema() for band in picture.split()]
    return bands[3] == (0, 0) or all(low == high for low, high in bands)


def _document(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address, timeout=ANSWER_LIMIT_S) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def _words(error: urllib.error.HTTPError) -> str:
    """What the service says, from the body of its answer."""
    body = error.read()
    try:
        said = json.loads(body)["error"]
    except (ValueError, KeyError):
        return error.reason
    return f"{said['message']} ({said['status']})" if "status" in said else str(said["message"])
