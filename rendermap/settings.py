"""Settings as rows: each is a field here and then appears in the command line's help, the environment, the TOML file and the manual.

Precedence: command line, then ``RENDERMAP_*`` in the environment, then the TOML file, then the default.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from rendermap.limits import CLIENT_DRAWINGS, CONNECTIONS, DRAWING_S, PICTURE_SIDE, PIXEL_BUDGET, QUEUE, QUEUE_S, WORKER_MEMORY

LEAST_KEY_CHARS = 16


class Settings(BaseSettings):
    """Everything an operator may choose."""

    model_config = SettingsConfigDict(env_prefix="RENDERMAP_", extra="forbid", frozen=True, hide_input_in_errors=True)

    config: Path | None = Field(None, description="TOML file with any of these settings.")
    jobs: Annotated[tuple[Path, ...], NoDecode] = Field((), description="Jobs directories; in the environment separated like PATH.")
    services: Path = Field(Path("styles"), description="Folder of services: one folder with a service.toml each.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    connection_limit: int = Field(CONNECTIONS.value, ge=16, description="Clients that may be connected at once.")
    grace_s: float = Field(20.0, ge=2, description="How long drawings may take to end when the service is told to stop, in seconds.")
    ready_memory_mb: int = Field(256, ge=0, description="The service is not ready with less free memory; 0 for never mind.")
    public_url: str | None = Field(None, description="Address under which clients reach the service, when a proxy hides it.")
    arcgis_root: str = Field(
        "/arcgis/rest",
        pattern=r"^(/[A-Za-z0-9_.-]*[A-Za-z0-9_-])+$",
        max_length=200,
        description="Where ArcGIS clients find services, besides /arcgis/rest: for applications made for a server with another root.",
    )
    trusted_proxies: str = Field("127.0.0.1", description="Proxies whose X-Forwarded-* headers are believed, comma separated.")
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 2,
        ge=1,
        le=256,
        description="Drawing processes.",
        json_schema_extra={"shown": "one per processor"},
    )
    queue_limit: int = Field(QUEUE.value, ge=1, description="Drawings that may wait before the service answers busy.")
    queue_s: float = Field(QUEUE_S.value, gt=0, description="How long a drawing may wait before the service answers busy, in seconds.")
    deadline_s: float = Field(DRAWING_S.value, gt=0, description="Longest drawing, in seconds.")
    draw_ahead_s: float = Field(
        30.0, ge=0, description="Seconds that far tiles of a slow map may be drawn before anybody asks; 0 for never."
    )
    memory_limit_mb: int = Field(WORKER_MEMORY.value, ge=256, description="Memory a drawing process may use before it is replaced.")
    prepared_mb: int = Field(4096, ge=256, description="Prepared datasets on the disk of the scratch folder.")
    drawings_per_client: int = Field(CLIENT_DRAWINGS.value, ge=1, description="Pictures that are made at once for one client.")
    pixel_budget_mpx: int = Field(PIXEL_BUDGET.value, ge=0, description="Megapixels that one client may have in an hour; 0 for no bound.")
    cache_mb: int = Field(256, ge=0, description="Pictures kept in memory.")
    cache_dir: Path | None = Field(None, description="Folder for pictures on disk, which several services may share; none unless given.")
    cache_dir_mb: int = Field(4096, ge=1, description="Pictures kept on disk.")
    redis_url: str | None = Field(
        None,
        repr=False,
        pattern=r"^(rediss?|unix)://",
        description="Redis or Valkey that keeps pictures for several services, as redis://[user:password@]host[:port][/database].",
    )
    broker: str | None = Field(
        None,
        pattern=r"^rediss?://",
        repr=False,
        description="Redis or Valkey by which machines hear of jobs to run (engine celery), as redis://[user:password@]host[:port][/database].",
    )
    cache_s3: str | None = Field(
        None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?$",
        description="Bucket that keeps pictures for several services, as s3://bucket[/prefix]; credentials from AWS_* in the environment.",
    )
    cache_s3_endpoint: str | None = Field(
        None, pattern=r"^https?://[^/@?#]+/?$", description="Address of the S3-compatible store of cache_s3; Amazon's own unless given."
    )
    max_px: int = Field(PICTURE_SIDE.value, ge=256, le=16384, description="Longest side of a picture, in pixels.")
    expired_job_reply: Literal["failed", "error"] = Field(
        "failed", description="What ArcGIS clients are told of a job that is gone; most poll for ever on an error."
    )
    picture_max_age_s: int = Field(60, ge=0, description="How long clients may keep a picture from a moving address.")
    access: Path = Field(Path("access"), description="Folder that says who may sign in, and which links are revoked.")
    secret_key: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        repr=False,
        description="Signs tokens, links, picture addresses; the same for every replica. Of several, with commas between, the first.",
        json_schema_extra={"shown": "of the access folder, else new at every start"},
    )
    basemap_url: str | None = Field(None, description="XYZ address of a basemap for the viewer, with {z}/{x}/{y}; none unless given.")
    basemap_attribution: str = Field("", description="Credit for the basemap.")
    audit_log: Path | None = Field(None, description="File that tells who saw which job, as JSON lines; without it a JSON log tells it.")
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least important line written.")

    @field_validator("jobs", mode="before")
    @classmethod
    def _split_jobs(cls, value: Any) -> Any:
        return tuple(Path(part) for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("redis_url", "broker")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        try:
            _ = value and urlsplit(value).port
        except ValueError:
            # its own words would show a part of the password
            raise PydanticCustomError("address", "not an address; signs in a password are written as %2F") from None
        return value

    @model_validator(mode="after")
    def _check_places(self) -> Self:
        if self.cache_dir and any(self.cache_dir.absolute().is_relative_to(folder.absolute()) for folder in self.jobs):
            raise PydanticCustomError("place", "cache_dir: must not lie in a jobs directory")
        return self

    @property
    def keeps_outside(self) -> bool:
        """True where pictures are kept in places that outlive the process."""
        return bool(self.cache_dir or self.redis_url or self.cache_s3)

    @field_validator("secret_key", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        keys = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value
        if any(len(key) < LEAST_KEY_CHARS for key in keys):
            raise ValueError(f"a key needs at least {LEAST_KEY_CHARS} characters")
        return keys

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, TOML file; no .env and no secrets folder."""
        file = init_settings.init_kwargs.get("config") or os.environ.get("RENDERMAP_CONFIG")  # type: ignore[attr-defined]
        toml = (TomlConfigSettingsSource(settings_cls, Path(file)),) if file else ()
        return (init_settings, env_settings, *toml)


def read_settings(**given: Any) -> Settings:
    """Settings from everything an operator said; None and () in given mean not said.

    Raises SettingsInvalid with one line per fault.
    """
    said = {name: value for name, value in given.items() if value is not None and value != ()}
    config = said.get("config") or os.environ.get("RENDERMAP_CONFIG")
    if config is not None and not Path(config).is_file():
        raise SettingsInvalid(f"config: there is no file {config}")
    try:
        return Settings(**said)
    except ValidationError as error:
        raise SettingsInvalid("\n".join(map(_fault_of, error.errors()))) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"config: {error}") from None


def _fault_of(error: ErrorDetails) -> str:
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {error['msg']}" if where else error["msg"]


class SettingsInvalid(Exception):
    """Something an operator said that cannot be: one line per fault."""
