// esri-leaflet: a dynamic map layer over the job's address.
import L from "leaflet";
import { dynamicMapLayer } from "esri-leaflet";

const { mapUrl, box } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [xmin, ymin, xmax, ymax] = box;
const corner = (x, y) => L.CRS.EPSG3857.unproject(L.point(x, y));

const map = L.map("map", { zoomControl: false, attributionControl: false, fadeAnimation: false, zoomSnap: 0 });
map.fitBounds([corner(xmin, ymin), corner(xmax, ymax)], { animate: false });
const layer = dynamicMapLayer({ url: mapUrl, opacity: 1, f: "json" });
layer.on("requesterror", (event) => (window.failed = JSON.stringify(event)));
layer.on("load", () => {
  const bounds = map.getBounds();
  const low = L.CRS.EPSG3857.project(bounds.getSouthWest());
  const high = L.CRS.EPSG3857.project(bounds.getNorthEast());
  layer.metadata((error, root) => {
    window.shown = { box: [low.x, low.y, high.x, high.y], layers: root.layers.map(({ id, name }) => [id, name]) };
  });
});
layer.addTo(map);
