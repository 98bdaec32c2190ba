"""How a task is to be run, beside its inputs; a room of its own, since tools see it in processes that need little else."""

from __future__ import annotations

from dataclasses import dataclass

from rendermap.geo.bbox import BBox


@dataclass(frozen=True, slots=True)
class Environment:
    """How a task is to be run, beside its inputs.

    out_crs, process_crs: of the results, and to work in; None for the tool's own.  extent: (box, its CRS) outside of which nothing needs
    to be worked out.  return_z, return_m: whether results are to keep heights and measures.
    """

    out_crs: str | None = None
    process_crs: str | None = None
    extent: tuple[BBox, str] | None = None
    return_z: bool = False
    return_m: bool = False
