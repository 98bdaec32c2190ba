"""Font files brought to the engine, and where each lies.

Done at the first label: a map without labels opens none of them.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from rendermap.errors import RenderFailed
from rendermap.imaging.legend_sheet import FontFile
from rendermap.render.engine import mapnik
from rendermap.symbology.fonts import FAMILIES, FILES, NOTO, SCRIPTS, script_of


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make every font of the table known to Mapnik, once.  Raises RenderFailed when one is missing."""
    for package, file in dict.fromkeys((*FILES, *((script.package, script.file) for script in SCRIPTS))):
        path = font_file(package, file)
        if not mapnik.FontEngine.register_font(str(path)):
            raise RenderFailed(reason=f"the font {path} cannot be read")


@lru_cache(maxsize=64)
def font_file(package: str, file: str) -> Path:
    """The place of a font in a package, which is found but not run.  Raises RenderFailed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise RenderFailed(reason=f"the font package {package} is not installed")
    return Path(found.submodule_search_locations[0]) / file


def engine_fonts() -> Path:
    """The folder of the fonts that come with Mapnik."""
    return Path(mapnik.paths.fontscollectionpath)


@lru_cache(maxsize=4096)
def foreign_font(character: str) -> FontFile | None:
    """The font of a character that the engine's own fonts do not have, None for all others."""
    script = script_of(character)
    return FontFile(font_file(script.package, script.file), script.index) if script else None


@lru_cache(maxsize=64)
def face_file(face: str) -> Path:
    """The file of a face of the families."""
    if face.startswith(NOTO.name):
        regular, italic = FILES
        return font_file(*(italic if face == NOTO.italic else regular))
    family = max((f for f in FAMILIES if face.startswith(f.name)), key=lambda f: len(f.name))
    style = face.removeprefix(family.name).replace(" ", "").replace("Book", "")
    return engine_fonts() / f"{family.name.replace(' ', '')}{'-' * bool(style)}{style}.ttf"
