// Scale and place in figures, below the map.
import { getPointResolution, toLonLat } from "ol/proj.js";
import { zoomOf } from "./grid.js";

const PIXEL_M = 0.00028;

export function readouts(map, stage) {
  const view = map.getView();
  const scale = stage.querySelector("[data-scale]");
  const place = stage.querySelector("[data-place]");
  const tellScale = () => {
    const ground = getPointResolution(view.getProjection(), view.getResolution(), view.getCenter());
    scale.textContent = `1 : ${rounded(ground / PIXEL_M).toLocaleString("en").replaceAll(",", "\u202f")}`;
  };
  view.on("change", tellScale);
  tellScale();
  map.on("pointermove", (event) => {
    place.textContent = degrees(toLonLat(event.coordinate), zoomOf(view.getResolution()));
  });
  map.getViewport().addEventListener("pointerleave", () => (place.textContent = ""));
}

/** Two to three figures: more would pretend to a precision no screen has. */
function rounded(value) {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2);
  return Math.round(value / step) * step;
}

function degrees([lon, lat], zoom) {
  const digits = Math.min(6, Math.max(1, Math.ceil(zoom / 3.4)));
  return `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? "S" : "N"}  ${Math.abs(lon).toFixed(digits)}° ${lon < 0 ? "W" : "E"}`;
}
