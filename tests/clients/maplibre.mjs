// MapLibre: a raster source over the job's TileJSON; requests to its host get the headers or the query given.
import * as maplibregl from "maplibre-gl";

const { tileJsonUrl, box, headers, query } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const host = new URL(tileJsonUrl).origin;
const transformRequest = (url) => (url.startsWith(host) ? { url: query ? `${url}${url.includes("?") ? "&" : "?"}${query}` : url, headers } : { url });

const map = new maplibregl.Map({
  transformRequest,
  container: "map",
  attributionControl: false,
  fadeDuration: 0,
  style: { version: 8, sources: {}, layers: [{ id: "paper", type: "background", paint: { "background-color": "#fff" } }] },
  bounds: box,
});
map.on("error", (event) => (window.failed = String(event.error)));
map.on("load", () => {
  map.addSource("job", { type: "raster", url: tileJsonUrl, tileSize: 256 });
  map.addLayer({ id: "job", type: "raster", source: "job", paint: { "raster-fade-duration": 0 } });
  map.once("idle", () => {
    const { tiles, minzoom, maxzoom } = map.getSource("job");
    window.shown = { bounds: map.getBounds().toArray().flat(), tiles, minzoom, maxzoom };
  });
});
