"""What lies in a cache is given to whoever may have it now: not after a job has ended, not under another version, never by a credential."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rendermap.access import realm
from rendermap.access.realm import LinksDocument
from rendermap.jobs import manifest
from tests.builders.asgi import Answer, Headers, ask
from tests.builders.guarded import Guarded, Somebody
from tests.refusal.addresses import BOX, Kind, every_address

ADDRESSES = tuple(address for address in every_address("manifest.json") if address.kind is Kind.JOB)
EXPORT = f"/arcgis/rest/services/Everyones/MapServer/jobs/{{job}}/export?f=image&{BOX}"
PUBLIC = Somebody("public")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    monkeypatch.setattr("rendermap.admission.REFUSAL_STEP_S", 1e-6)
    with capture_logs():
        yield Guarded(tmp_path)


def answer(world: Guarded, path: str, who: Somebody = PUBLIC, headers: Headers = ()) -> Answer:
    """What somebody is answered."""
    return asyncio.run(ask(world.app, who.prefix + path, headers=(*who.headers, *headers)))


def is_given(told: Answer) -> bool:
    """True for a picture, or the word that the one at hand is still good."""
    return told.status in (206, 304) or (told.status == 200 and told.header("content-type").startswith("image/"))


def test_an_ended_job_shows_no_picture_any_more(world: Guarded) -> None:
    """B5: by no address, whatever its cache holds and its reader knows; it is not half there either."""
    job_id = world.targets[0].job_id
    version = answer(world, f"/xyz/Everyones/jobs/{job_id}/tilejson.json").text.split("/tiles/")[1].split("/")[0]
    names = {"service": "Everyones", "job": job_id, "version": version, "picture": "p.x"}
    warm = {address: answer(world, address.filled(names)) for address in ADDRESSES}
    assert sum(map(is_given, warm.values())) > 10
    manifest.resume(world.service.jobs / "everyones_gpserver" / job_id).end()
    world.service.look_again()
    for address, before in warm.items():
        for headers in ((), (("if-none-match", before.header("etag") or '"x"'),)):
            now = answer(world, address.filled(names), headers=headers)
            assert not is_given(now), address.text
            assert now.body != before.body or b'"error"' in before.body or "/jobs/{job}/cancel" in address.text, address.text


def test_a_version_that_is_not_yet_is_nothing_and_is_not_kept(world: Guarded) -> None:
    """B4: whoever asks ahead finds nothing, and whoever asks later is not answered from then."""
    job_id = world.targets[0].job_id
    told = answer(world, f"/xyz/Everyones/jobs/{job_id}/tiles/{'0' * 16}/7/33/50.png")
    assert told.status == 404 and told.header("cache-control") == "no-store"


def test_a_revoked_link_is_not_told_that_its_picture_is_still_good(world: Guarded) -> None:
    """B4: the picture was warm, and the browser has its ETag."""
    target = world.targets[0]
    linked = next(who for who in world.everybody(target) if who.name == "right link")
    path = EXPORT.format(job=target.job_id)
    before = answer(world, path, linked)
    assert is_given(before) and before.header("cache-control") == "private, no-cache"
    assert answer(world, path, linked, (("if-none-match", before.header("etag")),)).status == 304
    realm.write_links(world.folder / "access", LinksDocument(revoked=("right link",)))
    world.service.look_again()
    for headers in ((), (("if-none-match", before.header("etag")),)):
        assert not is_given(answer(world, path, linked, headers))


def test_a_credential_is_no_part_of_a_pictures_name(world: Guarded) -> None:
    """B3: everybody who may see the same is given the same picture, drawn once, whatever they bring and wherever they put it."""
    path = EXPORT.format(job=world.targets[0].job_id)
    first = answer(world, path)
    token = world.tokens["ben"]
    bringing = (
        answer(world, f"{path}&token={token}"),
        answer(world, path, headers=(("authorization", f"Bearer {token}"),)),
        answer(world, path, headers=(("x-api-key", "rmk_portal"),)),
        answer(world, path, headers=(("cookie", "a=b"), ("referer", "https://a.example/?token=x"))),
    )
    assert {told.header("etag") for told in bringing} == {first.header("etag")} and all(told.body == first.body for told in bringing)
    assert all(token not in str(told.headers) for told in bringing)
