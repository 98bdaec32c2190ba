// esri-leaflet: a dynamic map layer over the job's address; with a token from the start, or given when it is asked for.
import L from "leaflet";
import { dynamicMapLayer } from "esri-leaflet";

const { mapUrl, box, options = { f: "json" }, token } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [xmin, ymin, xmax, ymax] = box;
const corner = (x, y) => L.CRS.EPSG3857.unproject(L.point(x, y));

const map = L.map("map", { zoomControl: false, attributionControl: false, fadeAnimation: false, zoomSnap: 0 });
map.fitBounds([corner(xmin, ymin), corner(xmax, ymax)], { animate: false });
const layer = dynamicMapLayer({ url: mapUrl, opacity: 1, ...options });
let isAsked = false;
layer.on("authenticationrequired", (event) => {
  isAsked = true;
  // the address of the picture gets the layer's own token
  layer.options.token = token;
  event.authenticate(token);
});
layer.on("requesterror", (event) => {
  if (![498, 499].includes(event.code)) window.failed = JSON.stringify(event);
});
layer.on("error", () => (window.failed = "the picture failed"));
layer.on("load", () => {
  const bounds = map.getBounds();
  const low = L.CRS.EPSG3857.project(bounds.getSouthWest());
  const high = L.CRS.EPSG3857.project(bounds.getNorthEast());
  layer.metadata((error, root) => {
    window.shown = { box: [low.x, low.y, high.x, high.y], layers: root.layers.map(({ id, name }) => [id, name]), isAsked };
  });
});
layer.addTo(map);
