// The page's own grid: its levels are half zooms of XYZ, so that a result fills a screen better and lines stay crisp.
import TileGrid from "ol/tilegrid/TileGrid.js";

const WORLD_M = 2 * Math.PI * 6378137;
const TILE_PX = 256;
const FINEST_LEVEL = 46;

const resolutions = Array.from({ length: FINEST_LEVEL + 1 }, (_, level) => WORLD_M / TILE_PX / 2 ** (level / 2));

/** Of one world with a meridian in its middle: results that reach over 180 degrees lie whole about that one, and x goes on beyond it. */
export function gridAbout(meridian) {
  return new TileGrid({ origin: [worldAbout(meridian)[0], WORLD_M / 2], tileSize: TILE_PX, resolutions });
}

export function worldAbout(meridian) {
  const middle = (WORLD_M * meridian) / 360;
  return [middle - WORLD_M / 2, -WORLD_M / 2, middle + WORLD_M / 2, WORLD_M / 2];
}

/** The same place in that world. */
export function placedAbout(meridian, [x, y]) {
  const [west, , east] = worldAbout(meridian);
  return [x < west ? x + WORLD_M : x > east ? x - WORLD_M : x, y];
}

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
