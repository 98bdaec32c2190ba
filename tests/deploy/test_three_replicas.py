"""Three replicas behind nginx as deploy/ has it, with a real Redis between them: one service to whoever asks."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.builders.nginx import needs_nginx, nginx
from tests.builders.redis_server import free_port, needs_redis, redis_server
from tests.builders.served import Served, serving, tiles_over
from tests.builders.whole_service import lay_out

pytestmark = [needs_nginx, needs_redis, pytest.mark.slow, pytest.mark.timeout(120)]
AT_ONCE = 30
DRAWN = re.compile(r'^rendermap_plans_total\{kind="MapPlan",outcome="ok"\} ([\d.]+)', re.MULTILINE)
SERVED = re.compile(r"^rendermap_pictures_served_total ([\d.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cluster:
    """url, logs: of nginx.  client: asks it."""

    url: str
    replicas: list[Served]
    client: httpx.Client
    logs: list[Path]

    def ask(self, *paths: str) -> list[httpx.Response]:
        """All at once, each over a connection of its own."""
        with ThreadPoolExecutor(len(paths)) as askers:
            return list(askers.map(self.client.get, paths))

    def counted(self, what: re.Pattern[str]) -> list[float]:
        """A metric of each replica."""
        bodies = [replica.get("/metrics")[1].decode() for replica in self.replicas]
        return [float(found[1]) if (found := what.search(body)) else 0.0 for body in bodies]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    job_id, port = lay_out(folder), free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(folder))
        # the last word holds where an option is given twice
        options = ("--workers", "1", "--cache-mb", "64", "--redis-url", redis.url, "--secret-key", "the same for all replicas")
        replicas = [stack.enter_context(serving(folder, job_id, *options)) for _ in range(3)]
        for replica in replicas:
            replica.await_ready(workers=1)
        stack.enter_context(nginx(folder, port, tuple(replica.port for replica in replicas)))
        url = f"http://127.0.0.1:{port}"
        yield Cluster(
            url, replicas, stack.enter_context(httpx.Client(base_url=url, timeout=60)), [folder / "access.log", folder / "error.log"]
        )
        for replica in replicas:
            replica.process.kill()


def versioned_tile(cluster: Cluster, index: int) -> str:
    """Path of a tile over the job, with the version its TileJSON names."""
    told = cluster.ask(f"/xyz/Hydrology/FloodDepth/jobs/{cluster.replicas[0].job_id}/tilejson.json")[0].json()["tiles"][0]
    return tiles_over(cluster.replicas[0])[index].replace("/tiles/", f"/tiles/{told.split('/tiles/')[1].split('/')[0]}/")


def test_a_picture_is_drawn_once_for_all(cluster: Cluster) -> None:
    """Asked for thirty times at once it reaches every replica, one of them draws, and all answer the same bytes."""
    tile, drawn, served = tiles_over(cluster.replicas[0])[0], sum(cluster.counted(DRAWN)), cluster.counted(SERVED)
    answers = cluster.ask(*[tile] * AT_ONCE)
    assert {answer.status_code for answer in answers} == {200} and len({answer.content for answer in answers}) == 1
    assert sum(cluster.counted(DRAWN)) == drawn + 1
    assert all(after > before for after, before in zip(cluster.counted(SERVED), served, strict=True))


def test_nginx_keeps_what_names_a_version_and_nothing_else(cluster: Cluster) -> None:
    """The second answer is nginx's own; a moving address, and whoever signs in, is asked for every time."""
    document = cluster.ask(f"/xyz/Hydrology/FloodDepth/jobs/{cluster.replicas[0].job_id}/tilejson.json")[0]
    moving = tiles_over(cluster.replicas[0])[1]
    versioned = moving.replace("/tiles/", f"/tiles/{document.json()['tiles'][0].split('/tiles/')[1].split('/')[0]}/")
    assert document.json()["tiles"][0].startswith(cluster.url)
    kept = [cluster.ask(versioned)[0] for _ in range(2)]
    assert [answer.headers["X-Cache"] for answer in kept] == ["MISS", "HIT"] and len({answer.content for answer in kept}) == 1
    assert cluster.ask(f"{versioned}?token=nobodys")[0].status_code == 401
    assert not [log for log in cluster.logs if "nobodys" in log.read_text()]
    served = sum(cluster.counted(SERVED))
    assert cluster.ask(moving)[0].content == cluster.ask(moving)[0].content == kept[0].content
    assert sum(cluster.counted(SERVED)) == served + 2


def test_strangers_do_not_multiply_what_nginx_keeps(cluster: Cluster) -> None:
    """One file for a picture, however its address is written and wherever it is asked from; with a parameter nginx keeps none."""
    tile, folder = versioned_tile(cluster, 3), cluster.logs[0].parent / "tiles"
    kept = cluster.ask(tile)[0]
    count = sum(path.is_file() for path in folder.rglob("*"))
    escaped = tile.replace("Hydrology", "%48ydrology")
    for path, headers in ((escaped, {}), (tile, {"Origin": "https://one.example"}), (tile, {"Origin": "https://two.example"})):
        answer = cluster.client.get(path, headers=headers)
        assert (answer.headers["X-Cache"], answer.content) == ("HIT", kept.content)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for query in ("junk=1", "junk=2", "layers=", "Layers=0&layers=1"):
        assert cluster.client.get(f"{tile}?{query}").headers["X-Cache"] == "BYPASS"
    assert sum(path.is_file() for path in folder.rglob("*")) == count


def test_nginx_has_open_what_is_asked_for_again_and_again(cluster: Cluster) -> None:
    """The files of kept pictures, so that they leave as fast as plain files."""
    tile = versioned_tile(cluster, 2)
    for _ in range(3):
        cluster.ask(tile)
    folder = cluster.logs[0].parent
    master = (folder / "nginx.pid").read_text().strip()
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    opened = {str(file.readlink()) for worker in workers for file in Path(f"/proc/{worker}/fd").iterdir()}
    assert any(name.startswith(str(folder / "tiles")) for name in opened)


def test_operators_addresses_and_prefixes_are_not_for_strangers(cluster: Cluster) -> None:
    """Nobody outside reads the metrics, or has links led astray by a header of theirs."""
    assert {answer.status_code for answer in cluster.ask("/metrics", "/health/live", "/health/ready")} == {404}
    path = f"/xyz/Hydrology/FloodDepth/jobs/{cluster.replicas[0].job_id}/tilejson.json"
    told = cluster.client.get(path, headers={"X-Forwarded-Prefix": "/elsewhere", "X-Forwarded-Host": "elsewhere.example"})
    assert told.json()["tiles"][0].startswith(f"{cluster.url}/xyz/")


def test_a_replica_that_is_killed_loses_no_request(cluster: Cluster) -> None:
    """Killed in the middle of two hundred questions; every one is answered with a picture.  Last, for it is gone then."""
    tiles = tiles_over(cluster.replicas[0])
    with ThreadPoolExecutor(8) as askers:
        asked = [askers.submit(cluster.client.get, tiles[n % len(tiles)]) for n in range(200)]
        asked[40].result()
        cluster.replicas[1].process.kill()
        statuses = [question.result().status_code for question in asked]
    assert statuses == [200] * 200
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", cluster.replicas[1].port), timeout=1)
