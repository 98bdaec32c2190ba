"""Reading numbers back from pixels: values from colours, cells from over-zoom, corners from shaded edges."""

from __future__ import annotations

import base64
import io
import random
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize

from rendermap.geo.crs import WEB_MERCATOR, WGS84, transformer
from tests.builders.register import CELL_M, CELLS, CRS, SOUTH, WEST
from tests.refusal.loot import CELL_STEP, FINEST_PIXEL_M, NUMBER_BYTES
from tests.refusal.thief import DEPTH, PARCELS, Pixels, Thief, is_picture, pixels_of

Floats = NDArray[np.float64]
WORLD_M, TILE_PX = 2 * 20037508.342789244, 256
TILES_OF_A_ZOOM = 6
VERTEX_STEP_M = 5e-5
"""Half of what the data's coordinates are rounded to."""
CORNERS, SHIFTS, WINDOW_PX, CORNER_PX_M = 3, 4, 24, 0.08


def invert_colors(thief: Thief) -> str:
    """Eight bytes for every cell whose value its colour tells; the colours of all zooms are counted."""
    classes = _classes(thief)
    colors: set[tuple[int, ...]] = set()
    known: dict[tuple[int, int], float] = {}
    for zoom, tile in _tiles(thief):
        answer = thief.get(f"{thief.tiles_path}/tiles/{tile}?layers={DEPTH}")
        if not is_picture(answer):
            continue
        seen = pixels_of(answer)
        whole = seen[seen[..., 3] == 255][:, :3]
        colors |= {tuple(map(int, color)) for color in np.unique(whole, axis=0)}
        if zoom >= 14:
            known |= _values(seen, tile, classes)
    thief.colors = max(thief.colors, len(colors))
    for (row, col), value in known.items():
        if abs(value - thief.register.depths[row, col]) < CELL_STEP:
            thief.loot.add(f"depth {row * CELLS + col}", NUMBER_BYTES)
    return f"{len(colors)} colours, {len(known):,} cells guessed"


def _classes(thief: Thief) -> list[tuple[Floats, float]]:
    """(colour, middle of the class as its label says) of the legend."""
    legend = thief.get(f"{thief.map_path}/legend?f=json").json()["layers"]
    found = []
    for entry in next(layer for layer in legend if layer["layerId"] == DEPTH)["legend"]:
        numbers = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", entry["label"])]
        swatch = np.asarray(Image.open(io.BytesIO(base64.b64decode(entry["imageData"]))).convert("RGB"), float)
        if numbers:
            found.append((swatch[swatch.shape[0] // 2, swatch.shape[1] // 2], float(np.mean(numbers))))
    return found


def _tiles(thief: Thief) -> Iterator[tuple[int, str]]:
    """(zoom, ``z/x/y.png``) over the data: all of the coarse zooms, some of the fine, and two zooms beyond the last."""
    west, south, east, north = thief.tilejson["bounds"]
    low, high = transformer(WGS84, WEB_MERCATOR).transform([west, east], [south, north])
    chooser = random.Random(3)
    for zoom in range(thief.tilejson["minzoom"], min(thief.tilejson["maxzoom"] + 3, 25)):
        side = WORLD_M / 2**zoom
        cols = range(int((low[0] + WORLD_M / 2) // side), int((low[1] + WORLD_M / 2) // side) + 1)
        rows = range(int((WORLD_M / 2 - high[1]) // side), int((WORLD_M / 2 - high[0]) // side) + 1)
        every = [(col, row) for col in cols for row in rows] if len(cols) * len(rows) < 500 else []
        for _ in range(TILES_OF_A_ZOOM):
            col, row = every.pop(chooser.randrange(len(every))) if every else (chooser.choice(cols), chooser.choice(rows))
            yield zoom, f"{zoom}/{col}/{row}.png"
            if not every and len(cols) * len(rows) < TILES_OF_A_ZOOM:
                break


def _values(seen: Pixels, tile: str, classes: list[tuple[Floats, float]]) -> dict[tuple[int, int], float]:
    """(row, column) of the cells in a tile -> the guessed value of each."""
    zoom, col, row = (int(part) for part in tile.removesuffix(".png").split("/"))
    side = WORLD_M / 2**zoom
    steps = (np.arange(TILE_PX) + 0.5) / TILE_PX * side
    x, y = np.meshgrid(col * side - WORLD_M / 2 + steps, WORLD_M / 2 - row * side - steps)
    east, north = transformer(WEB_MERCATOR, CRS).transform(x, y)
    cols = np.floor((np.asarray(east) - WEST) / CELL_M).astype(int)
    rows = np.floor((SOUTH + CELL_M * CELLS - np.asarray(north)) / CELL_M).astype(int)
    inside = (cols >= 0) & (cols < CELLS) & (rows >= 0) & (rows < CELLS) & (seen[..., 3] == 255)
    palette = np.array([color for color, _ in classes])
    nearest = np.abs(seen[..., None, :3].astype(float) - palette).sum(axis=-1).argmin(axis=-1)
    return {(int(r), int(c)): classes[int(k)][1] for r, c, k in zip(rows[inside], cols[inside], nearest[inside], strict=True)}


# --- where classes change ----------------------------------------------------------------------------------------------

PAIRS, HALVINGS = 4, 44
PROBE_M = CELL_M * 0.3
"""A pixel a little coarser than the finest: drawn as it is asked for, with its centre wherever one likes."""


def find_crossings(thief: Thief) -> str:
    """A byte for each cell that the borders of two classes between it and its neighbour tell fifty times better than its class does.

    They do where values are interpolated.  To make it easy, whoever tries knows where the borders of the classes lie.
    """
    depths, classes = thief.register.depths, [color for color, _ in _classes(thief)][::-1]
    borders = _borders(thief, classes)
    steps = np.abs(np.diff(np.digitize(depths, borders), axis=1))
    errors = []
    for row, col in np.argwhere(steps >= 4)[:: max(1, int((steps >= 4).sum()) // PAIRS)][:PAIRS]:
        left, right = depths[row, col : col + 2]
        known = _between(thief, row, col, classes, borders)
        errors += [abs(known[0] - left), abs(known[1] - right)] if known else []
        for cell, value, true in ((col, known[0], left), (col + 1, known[1], right)) if known else ():
            if abs(value - true) < (borders[1] - borders[0]) / 50:
                thief.loot.add(f"depth {row * CELLS + cell} by borders", 1)
    return f"cells to {max(errors):.2g}" if errors else "no class but the cells' own is shown between them"


def _borders(thief: Thief, classes: list[Floats]) -> Floats:
    """Between the largest value of each class and the smallest of the next."""
    box = (WEST, SOUTH, WEST + CELLS * CELL_M, SOUTH + CELLS * CELL_M)
    seen = thief.seen(box, (CELLS, CELLS), DEPTH)[..., None, :3].astype(float)
    shown = np.abs(seen - np.array(classes)).sum(axis=-1).argmin(axis=-1)
    values = [thief.register.depths[shown == number] for number in range(len(classes))]
    return np.array([(low.max() + high.min()) / 2 for low, high in pairwise(values)])


def _between(thief: Thief, row: int, col: int, classes: list[Floats], borders: Floats) -> tuple[float, float] | None:
    """The values of a cell and its right neighbour, from the places of two borders between their centres; None where there are none."""
    y = SOUTH + CELL_M * (CELLS - row - 0.5)
    start, end = WEST + CELL_M * (col + 0.5), WEST + CELL_M * (col + 1.5)

    def class_at(x: float) -> int:
        half = PROBE_M / 2
        seen = thief.seen((x - half, y - half, x + half, y + half), (1, 1), DEPTH)[0, 0, :3].astype(float)
        return int(np.argmin([np.abs(color - seen).sum() for color in classes]))

    first, last = class_at(start), class_at(end)
    way = 1 if last > first else -1
    places = []
    for border in (min(first, last), max(first, last) - 1):
        low, high = start, end
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if (class_at(middle) <= border) == (way > 0) else (low, middle)
        places.append(((low + high) / 2 - start) / CELL_M)
    if abs(places[1] - places[0]) < 1e-6:
        return None
    slope = (borders[max(first, last) - 1] - borders[min(first, last)]) / (places[1] - places[0])
    left = borders[min(first, last)] - slope * places[0]
    return float(left), float(left + slope)


# --- over-zoom ---------------------------------------------------------------------------------------------------------

FINER = 8


def magnify(thief: Thief) -> str:
    """Eight bytes for each view in which a cell of the fixed grid shows more than one colour, however it is asked for."""
    x, y = thief.register.corners[1]
    finer = 0
    for layer, side in ((PARCELS, FINEST_PIXEL_M), (DEPTH, CELL_M / 4)):
        left, bottom = (np.floor(place / side) * side for place in (x, y))
        cells = 12
        box = (left - cells / 2 * side, bottom - cells / 2 * side, left + cells / 2 * side, bottom + cells / 2 * side)
        for more in ({}, {"dpi": 1200}, {"dpi": 10}):
            seen = thief.seen(box, (cells * FINER, cells * FINER), layer, **more)
            blocks = seen.reshape(cells, FINER, cells, FINER, 4)
            if not (blocks == blocks[:, FINER // 2 : FINER // 2 + 1, :, FINER // 2 : FINER // 2 + 1]).all():
                thief.loot.add(f"finer than the bound: layer {layer} {more}", NUMBER_BYTES)
                finer += 1
    return f"{finer} views show more than the grid"


# --- corners -----------------------------------------------------------------------------------------------------------


def measure_corners(thief: Thief) -> str:
    """Eight bytes for each coordinate of a corner that is measured as well as the data has it.

    Pictures cannot be kept from being measured; the remark says how well that went.
    """
    chooser, errors = random.Random(5), []
    for index in range(0, 4 * CORNERS, 4):
        true = thief.register.corners[index]
        ring = thief.register.corners[index : index + 4]
        ways = [np.arctan2(*(ring[other] - true)[::-1]) for other in (1, 3)]
        found = np.mean([_measured(thief, true, ways, chooser) for _ in range(SHIFTS)], axis=0)
        errors += list(np.abs(found - true))
    for number, error in enumerate(errors):
        if error < VERTEX_STEP_M:
            thief.loot.add(f"measured {number}", NUMBER_BYTES)
    return f"to {np.median(errors) * 1000:.2g} mm; a pixel at the finest scale is {FINEST_PIXEL_M * 1000:.0f} mm"


def _measured(thief: Thief, near: Floats, ways: list[float], chooser: random.Random) -> Floats:
    """A corner, measured in one picture whose pixels lie by chance: the one whose shades would be those seen.

    Sought with it: the ways of both edges, and how shades are bent between bare and covered.
    """
    half = WINDOW_PX / 2 * CORNER_PX_M
    middle = near + np.array([chooser.uniform(-1, 1), chooser.uniform(-1, 1)]) * CORNER_PX_M * 3
    box = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    seen = thief.seen(box, (WINDOW_PX, WINDOW_PX), PARCELS)[..., 3] / 255.0
    parts = 12
    steps = (np.arange(WINDOW_PX * parts) + 0.5) / parts * CORNER_PX_M - half
    x, y = np.meshgrid(steps, -steps)

    def miss(guess: Floats) -> float:
        left, right = (_beside(x - guess[0], y - guess[1], angle) for angle in guess[2:4])
        inside = left & ~right if np.sin(guess[3] - guess[2]) > 0 else left | ~right
        shades = inside.reshape(WINDOW_PX, parts, WINDOW_PX, parts).mean(axis=(1, 3)) ** abs(guess[4])
        return float(((shades - seen) ** 2).sum())

    start = np.array([*(near - middle + 0.02), *ways, 1.0])
    simplex = start + np.vstack([np.zeros(5), np.diag([0.03, 0.03, 0.02, 0.02, -0.3])])
    best = minimize(miss, start, method="Nelder-Mead", options={"initial_simplex": simplex, "maxiter": 300, "xatol": 1e-5, "fatol": 1e-6})
    return middle + best.x[:2]


def _beside(x: Floats, y: Floats, angle: float) -> NDArray[np.bool_]:
    """True to the left of a line through the origin."""
    return np.cos(angle) * y - np.sin(angle) * x > 0
