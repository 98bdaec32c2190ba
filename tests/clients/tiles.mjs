// Leaflet: tiles by their address alone.
import L from "leaflet";

const { tilesUrl, box, zoom } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [west, south, east, north] = box;
const map = L.map("map", { zoomControl: false, attributionControl: false, fadeAnimation: false });
map.setView([(south + north) / 2, (west + east) / 2], zoom);
const layer = L.tileLayer(tilesUrl);
layer.on("tileerror", () => (window.failed = "a tile failed"));
layer.on("load", () => {
  const bounds = map.getBounds();
  window.shown = { bounds: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()] };
});
layer.addTo(map);
