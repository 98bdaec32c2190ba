// esri-leaflet with its geoprocessing plugin: a clicked place is submitted, the job waited for, its map shown.
import L from "leaflet";
import { dynamicMapLayer } from "esri-leaflet";
import { service } from "esri-leaflet-gp";

const { taskUrl, box } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [xmin, ymin, xmax, ymax] = box;
const corner = (x, y) => L.CRS.EPSG3857.unproject(L.point(x, y));

const map = L.map("map", { zoomControl: false, attributionControl: false, fadeAnimation: false, zoomSnap: 0 });
map.fitBounds([corner(xmin, ymin), corner(xmax, ymax)], { animate: false });
const task = service({ url: taskUrl, useCors: true }).createTask();
task.on("initialized", () => (window.waiting = true));
map.on("click", ({ latlng }) => {
  task.setParam("Place", latlng);
  task.setParam("Distance", { distance: 30, units: "esriKilometers" });
  task.setOutputParam("Height");
  task.run((error, result, answer) => {
    if (error) return void (window.failed = String(error));
    const url = result.outputMapService;
    const layer = dynamicMapLayer({ url, opacity: 1, f: "json" }).addTo(map);
    layer.on("load", () => {
      const low = L.CRS.EPSG3857.project(map.getBounds().getSouthWest());
      const high = L.CRS.EPSG3857.project(map.getBounds().getNorthEast());
      window.shown = { box: [low.x, low.y, high.x, high.y], jobId: result.jobId, url, kind: answer.dataType };
    });
  });
});
