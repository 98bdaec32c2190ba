"""Whether all servers draw the same map: no server is timed that draws another one, or none."""

from __future__ import annotations

import asyncio
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.bench.peers.load import Connection
from tests.bench.peers.servers import Server
from tests.bench.peers.sets import BenchSet, Tile

Pixels = NDArray[np.float64]

BLOCK_PX = 8
# outlines, markers and single cells differ in style, which blocks of pixels even out; a missing feature does not go away
MOST_DIFFERENCE = 8.0
LEAST_DRAWN = 0.01


def find_unlike(servers: list[Server], subject: BenchSet, tiles: list[Tile]) -> dict[str, str]:
    """By name of the server what is wrong with its pictures.

    The measure is the picture that most servers agree on: the middle of all, pixel by pixel.
    """
    drawn = {server.name: [picture(server, subject, tile) for tile in tiles] for server in servers}
    whole = [pictures for pictures in drawn.values() if all(p is not None for p in pictures)]
    agreed = [np.median(np.stack([pictures[n] for pictures in whole]), axis=0) for n in range(len(tiles))] if whole else []
    faults = {name: fault(pictures, agreed) for name, pictures in drawn.items()}
    return {name: said for name, said in faults.items() if said}


def fault(pictures: list[Pixels | None], agreed: list[Pixels]) -> str:
    """What is wrong with a server's pictures; empty when nothing is."""
    seen = [picture for picture in pictures if picture is not None]
    if len(seen) < len(pictures):
        return "no picture"
    if any(share_drawn(mine) < LEAST_DRAWN / 10 and share_drawn(other) > LEAST_DRAWN for mine, other in zip(seen, agreed, strict=True)):
        return "a blank picture where others draw"
    apart = float(np.mean([difference(mine, other) for mine, other in zip(seen, agreed, strict=True)]))
    return f"its pictures are {apart:.1f}/255 apart from the others'" if apart > MOST_DIFFERENCE else ""


def difference(one: Pixels, other: Pixels) -> float:
    """Mean difference of 255 between blocks of pixels."""
    return float(np.abs(blocks(one) - blocks(other)).mean())


def blocks(pixels: Pixels) -> Pixels:
    """Means of blocks of BLOCK_PX x BLOCK_PX pixels."""
    height, width, bands = pixels.shape
    return np.asarray(pixels.reshape(height // BLOCK_PX, BLOCK_PX, width // BLOCK_PX, BLOCK_PX, bands).mean(axis=(1, 3)))


def share_drawn(pixels: Pixels) -> float:
    """Share of pixels that are not white."""
    return float((pixels.min(axis=-1) < 254.5).mean())


def picture(server: Server, subject: BenchSet, tile: Tile) -> Pixels | None:
    """(height, width, 3) over white; None when the answer is no picture."""
    try:
        status, body = asyncio.run(ask_once(server.port, server.tile_path(subject, tile)))
        rgba = np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"), dtype=np.float64)
    except (OSError, TimeoutError):
        return None
    alpha = rgba[..., 3:] / 255
    return np.asarray(rgba[..., :3] * alpha + 255 * (1 - alpha)) if status == 200 else None


async def ask_once(port: int, path: str) -> tuple[int, bytes]:
    """Status and body over a connection of its own."""
    connection = Connection(port)
    try:
        return await connection.get(path)
    finally:
        connection.close()
