// The address of the page tells what is looked at, so a view can be sent to someone: #zoom/latitude/longitude.
import { fromLonLat, toLonLat } from "ol/proj.js";
import { placedAbout, resolutionOf, zoomOf } from "./grid.js";

/** Goes to the place the address names, and keeps the address in step.  False when it names none. */
export function place(view, meridian) {
  const found = read();
  if (found) show(view, found, meridian);
  view.on("change", () => remember(view));
  addEventListener("hashchange", () => {
    const next = read();
    if (next) show(view, next, meridian);
  });
  return Boolean(found);
}

function read() {
  const [zoom, lat, lon] = location.hash.slice(1).split("/").map(Number);
  return [zoom, lat, lon].every(Number.isFinite) && location.hash.length > 1 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? { zoom, lat, lon } : null;
}

function show(view, { zoom, lat, lon }, meridian) {
  view.setCenter(placedAbout(meridian, fromLonLat([lon, lat])));
  view.setResolution(resolutionOf(zoom));
}

let timer = 0;
function remember(view) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const center = view.getCenter();
    if (!center) return;
    const [lon, lat] = toLonLat(center);
    const zoom = zoomOf(view.getResolution());
    const digits = Math.max(2, Math.ceil(zoom / 4) + 1);
    history.replaceState(history.state, "", `#${Number(zoom.toFixed(2))}/${lat.toFixed(digits)}/${lon.toFixed(digits)}`);
  }, 250);
}
