"""The only importer of mapnik: brings it up and cleans the environment it leaves behind."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rendermap.render.drivers import SKIPPED

# mapnik points PROJ_LIB and GDAL_DATA at folders of its own that have no proj.db: rasterio must not see them (mapnik itself needs
# neither, its PROJ data is embedded).  They go before anything imports rasterio.
_BEFORE = {name: os.environ.get(name) for name in ("PROJ_LIB", "GDAL_DATA")}
# Drivers read this when they are registered, so it stands before every GDAL.
os.environ["GDAL_SKIP"] = ",".join(SKIPPED)
# What a GeoPackage's views and triggers call must be harmless: no pragma, none of GDAL's functions that open other files.
os.environ["OGR_SQLITE_PRAGMA"] = "trusted_schema=0"
os.environ["GDAL_PAM_ENABLED"] = "YES"
os.environ.setdefault("GDAL_CACHEMAX", "256")


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Without what native code prints: every GDAL complains of each driver above that it does not have."""
    sys.stderr.flush()
    heard = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(heard, 2)
        os.close(heard)


@contextlib.contextmanager
def _without(*names: str) -> Iterator[None]:
    """As if these were not installed, unless somebody has them already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


# pyogrio brings up its table libraries where they are installed: 40 MB and a third of a worker's start, for forms of data not read here
with _unheard(), _without("pandas", "geopandas", "pyarrow"):
    import mapnik

    # it registers its drivers when it is imported, and must do so after mapnik
    import pyogrio  # noqa: F401

for _name, _value in _BEFORE.items():
    os.environ.pop(_name, None)
    if _value is not None:
        os.environ[_name] = _value

mapnik.logger.set_severity(mapnik.severity_type.Error)


def use_room(path: str) -> None:
    """Every library makes its temporary files there from now on."""
    os.environ["TMPDIR"], tempfile.tempdir = path, None


__all__ = ["mapnik", "use_room"]
