// @arcgis/core as an application uses it after a geoprocessing job: the job's map image layer in a 2D view.
import esriConfig from "@arcgis/core/config.js";
import { whenOnce } from "@arcgis/core/core/reactiveUtils.js";
import Extent from "@arcgis/core/geometry/Extent.js";
import EsriMap from "@arcgis/core/Map.js";
import JobInfo from "@arcgis/core/rest/support/JobInfo.js";
import MapView from "@arcgis/core/views/MapView.js";

esriConfig.assetsPath = new URL("assets", location.href).href;

const { taskUrl, jobId, box } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [xmin, ymin, xmax, ymax] = box;

const job = new JobInfo({ jobId, jobStatus: "job-succeeded", sourceUrl: taskUrl });
await job.checkJobStatus();
const layer = await job.fetchResultMapImageLayer();
const view = new MapView({
  container: "map",
  map: new EsriMap({ layers: [layer] }),
  extent: new Extent({ xmin, ymin, xmax, ymax, spatialReference: { wkid: 102100 } }),
  constraints: { snapToZoom: false },
  ui: { components: [] },
});
view.on("layerview-create-error", (event) => (window.failed = String(event.error)));
await view.when();
await layer.when();
await whenOnce(() => !view.updating);
await whenOnce(() => view.stationary);
const shown = view.extent;
const layers = layer.allSublayers.map(({ id, title }) => [id, title]).toArray();
// without a basemap the view takes the spatial reference of the job's map
window.shown = { box: [shown.xmin, shown.ymin, shown.xmax, shown.ymax], wkid: shown.spatialReference.wkid, url: layer.url, layers };
