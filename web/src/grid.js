// The page's own grid: its levels are half zooms of XYZ, so that a result fills a screen better and lines stay crisp.
import TileGrid from "ol/tilegrid/TileGrid.js";

const WORLD_M = 2 * Math.PI * 6378137;
const TILE_PX = 256;
const FINEST_LEVEL = 46;

const resolutions = Array.from({ length: FINEST_LEVEL + 1 }, (_, level) => WORLD_M / TILE_PX / 2 ** (level / 2));

export const grid = new TileGrid({ origin: [-WORLD_M / 2, WORLD_M / 2], tileSize: TILE_PX, resolutions });

/** Resolutions a visitor may see, from the whole world to the finest zoom. */
export function resolutionsTo(zoom) {
  return resolutions.slice(0, Math.min(2 * zoom, FINEST_LEVEL) + 1);
}

export function zoomOf(resolution) {
  return Math.log2(resolutions[0] / resolution);
}

export function resolutionOf(zoom) {
  return resolutions[0] / 2 ** zoom;
}
