"""Coming after somebody who may: pictures they warmed, ETags they were told, and ways round the front door."""

from __future__ import annotations

from tests.builders.register import PASSWORD
from tests.refusal.addresses import Kind, every_address
from tests.refusal.thief import Thief, is_picture, version_of

_WAYS = (
    "/", "/..", "/../{base}", "/%2e%2e/{base}", "/..%2f{base}", "/%252e%252e/", "/job.json", "/scratch", "/scratch/sounding_of_1991.asc",
    "/scratch/parcels_of_1987.geojson", "/parcels_of_1987.geojson", "/data", "/download", "/files", "/assets", "/stac", "/item.json",
    "/collections", "/0/0", "/0/1", "/0/fields", "/0/metadata", "/metadata", "/info/metadata", "/info/iteminfo", "/info/thumbnail",
    "/dynamicLayer", "/estimateExportTilesSize", "/exportTiles", "/WFSServer?request=GetFeature", "/WCSServer?request=GetCoverage",
    "/FeatureServer/0/query?where=1=1", "/ImageServer/exportImage", "/KmlServer", "/tile/14/6432/4334", "/vectortiles/14/4334/6432.pbf",
    "/0/htmlPopup", "/0/1/attachments", "/replicas", "/uploads", "/relationships", "/0/queryTopFeatures?where=1=1", "/0/queryBins",
    "/0/calculate", "/0/validateSQL?sql=1=1", "/0/queryAnalytic", "/0/generateRenderer", "/queryDomains", "/queryDataElements",
)  # fmt: skip
_REST = "/arcgis/rest/directories"
_ROOTS = (
    "/static/../../../{job}", "/static/..%2f..%2f..%2fjobs", "/static/%2e%2e/%2e%2e/jobs", "/.env", "/admin", "/debug", "/jobs", "/jobs/",
    "/jobs/Land/Register/", "/jobs/Land", "/redoc", "/openapi.json", "/metrics", "/arcgis/admin", "/arcgis/rest/admin",
    "/arcgis/rest/uploads",
    _REST, f"{_REST}/arcgisjobs/land/register_gpserver/{{job}}", f"{_REST}/arcgisjobs/land/register_gpserver/{{job}}/scratch/x.asc",
    f"{_REST}/arcgisoutput", f"{_REST}/arcgisoutput/Land/Register_MapServer/{{job}}.png", "/arcgis/server/arcgisoutput/",
    "/arcgis/services/Land/Register/MapServer/WMSServer", "/links/", "/links/x", "/links/../jobs/Land/Register/{private}", "/xyz",
    "/xyz/Land/Register/jobs", "/thumbnails/Land/Register/jobs/{private}.png",
)  # fmt: skip


def ask_for_warm_pictures(thief: Thief) -> str:
    """As many bytes as a stranger is given of a private job's pictures and documents after its owner has asked for all of them."""
    job_id, given, warmed = thief.register.private_id, 0, 0
    token = thief.client.post("/tokens/generateToken", data={"username": "anna", "password": PASSWORD}).json()["token"]
    owner = {"authorization": f"Bearer {token}"}
    told = thief.client.get(f"/xyz/Land/Register/jobs/{job_id}/tilejson.json", headers=owner).json()
    legend = thief.client.get(f"/arcgis/rest/services/Land/Register/MapServer/jobs/{job_id}/legend?f=json", headers=owner).json()
    swatch = legend["layers"][0]["legend"][0]["url"].split("/")[-1]
    names = {"service": "Land/Register", "job": job_id, "layer": "0", "version": version_of(told), "swatch": swatch, "picture": "p.x"}
    for address in every_address("manifest.json"):
        if address.kind not in (Kind.JOB, Kind.LAYER):
            continue
        path = address.filled(names).replace("/GPServer/Run", "/GPServer/Value").replace("/Seen", "/Parcels")
        theirs = thief.client.get(path, headers=owner)
        warmed += is_picture(theirs)
        paths = [path]
        if theirs.headers.get("content-type", "").startswith("application/json") and "href" in theirs.text:
            paths.append("/" + theirs.json().get("href", "///").split("/", 3)[3])
        for mine in paths:
            for headers in (
                {},
                {"if-none-match": theirs.headers.get("etag", "x")},
                {"range": "bytes=0-99"},
                {"cache-control": "only-if-cached"},
            ):
                answer = thief.get(mine, headers=headers)
                is_theirs = theirs.status_code == 200 and answer.content == theirs.content and b'"error"' not in theirs.content
                if is_picture(answer) or answer.status_code in (206, 304) or is_theirs:
                    thief.loot.add(f"warm {mine}", len(answer.content) or 1)
                    given += 1
    return f"{warmed} pictures warmed, {given} answers given"


def try_second_paths(thief: Thief) -> str:
    """Relatives of every address: whatever they say is looked through, by all methods."""
    register = thief.register
    names = {"{job}": register.job_id, "{private}": register.private_id, "{base}": register.base_id}
    heads = (
        thief.map_path,
        thief.tiles_path,
        f"/jobs/Land/Register/{register.job_id}",
        f"/viewer/api/jobs/Land/Register/{register.job_id}",
    )
    asked = [f"{head}{way}" for head in heads for way in _WAYS] + list(_ROOTS)
    for path in asked:
        for word, value in names.items():
            path = path.replace(word, value)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PROPFIND"):
            thief.ask(method, path)
        thief.get(path, headers={"range": "bytes=0-1023", "accept": "application/json"})
    return f"{len(asked)} paths"
