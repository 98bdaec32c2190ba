"""Settings: where they come from and which wins."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from rendermap.settings import Settings, SettingsInvalid, read_settings


def test_command_line_beats_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source overrides the one below it and leaves the rest alone."""
    file = tmp_path / "rendermap.toml"
    file.write_text('port = 1\nworkers = 5\ncache_mb = 7\njobs = ["/a", "/b"]\n')
    monkeypatch.setenv("RENDERMAP_WORKERS", "4")
    settings = read_settings(config=file, port=3)
    assert (settings.port, settings.workers, settings.cache_mb, settings.jobs) == (3, 4, 7, (Path("/a"), Path("/b")))


def test_jobs_in_the_environment_are_separated_like_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """RENDERMAP_JOBS=/a:/b names two folders."""
    monkeypatch.setenv("RENDERMAP_JOBS", "/a:/b")
    assert read_settings().jobs == (Path("/a"), Path("/b"))


@pytest.mark.parametrize("given", [{"workers": 0}, {"port": 70000}, {"nonsense": 1}, {"secret_key": "short"}, {"config": "/nowhere.toml"}])
def test_what_cannot_be_is_said(given: dict[str, object]) -> None:
    """A wrong setting is named."""
    with pytest.raises(SettingsInvalid, match=next(iter(given))):
        read_settings(**given)


def test_the_secret_is_never_printed() -> None:
    """repr() of the settings may land in a log."""
    assert "hush" not in repr(read_settings(secret_key="hush" * 4))


def test_a_settings_file_named_in_the_environment_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped RENDERMAP_CONFIG is a fault, not silence."""
    monkeypatch.setenv("RENDERMAP_CONFIG", "/nowhere.toml")
    with pytest.raises(SettingsInvalid, match="config"):
        read_settings()


@pytest.mark.parametrize("url", ["http://host", "redis://:hu/sh@host", "hush"])
def test_a_store_that_has_no_address_is_said_without_its_password(url: str) -> None:
    """What cannot be an address may still hold a secret, whoever prints the fault."""
    with pytest.raises(SettingsInvalid, match="redis_url") as raised:
        read_settings(redis_url=url)
    assert "hu" not in str(raised.value)
    with pytest.raises(ValidationError) as invalid:
        Settings(redis_url=url)
    assert "hu" not in str(invalid.value)
    assert "hush" not in repr(read_settings(redis_url="redis://:hush@host"))


def test_pictures_are_not_kept_among_the_jobs() -> None:
    """Workers may read there, and a folder of pictures would look like a job."""
    with pytest.raises(SettingsInvalid, match=r"^cache_dir: must not"):
        read_settings(jobs=(Path("/a"),), cache_dir=Path("/a/cache"))
    read_settings(jobs=(Path("/a"),), cache_dir=Path("/ab"))


@pytest.mark.parametrize("root", ["server/rest", "/", "/server/rest/", "//rest", "/a b", "/server/..", "/{path}", ""])
def test_the_root_of_arcgis_is_a_path(root: str) -> None:
    """A path below which everything can hang, of plain words."""
    with pytest.raises(ValidationError):
        Settings(arcgis_root=root)
    assert Settings(arcgis_root="/server/rest").arcgis_root == "/server/rest"
