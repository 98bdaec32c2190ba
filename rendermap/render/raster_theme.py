"""The themes that colour cells."""

from __future__ import annotations

from rendermap.errors import StyleInvalid
from rendermap.symbology.style import RasterTheme, Theme


def raster_theme(theme: Theme) -> RasterTheme:
    """The theme itself.  Raises StyleInvalid for a theme of vectors."""
    if not isinstance(theme, RasterTheme):
        raise StyleInvalid(reason=f"a raster cannot be drawn by {type(theme).__name__}")
    return theme
