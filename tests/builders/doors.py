"""A door through which everybody comes as the public, unless a folder says more."""

from __future__ import annotations

from pathlib import Path

from rendermap.access.doorkeeper import Doorkeeper

SECRET = "a key for tests alone"
NOWHERE = Path("no such folder")


def open_door(folder: Path = NOWHERE, secret: str = SECRET) -> Doorkeeper:
    """The doorkeeper of an access folder."""
    return Doorkeeper(folder, (), secret)
