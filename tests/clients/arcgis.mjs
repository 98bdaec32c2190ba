// @arcgis/core as an application uses it after a geoprocessing job: the job's map image layer in a 2D view, with or without signing in.
import esriConfig from "@arcgis/core/config.js";
import { whenOnce } from "@arcgis/core/core/reactiveUtils.js";
import Extent from "@arcgis/core/geometry/Extent.js";
import esriId from "@arcgis/core/identity/IdentityManager.js";
import MapImageLayer from "@arcgis/core/layers/MapImageLayer.js";
import EsriMap from "@arcgis/core/Map.js";
import esriRequest from "@arcgis/core/request.js";
import { fromJSON } from "@arcgis/core/renderers/support/jsonUtils.js";
import JobInfo from "@arcgis/core/rest/support/JobInfo.js";
import MapView from "@arcgis/core/views/MapView.js";

esriConfig.assetsPath = new URL("assets", location.href).href;

const { taskUrl, jobId, mapUrl, box, signIn = {} } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [xmin, ymin, xmax, ymax] = box;

if (signIn.scope) esriConfig.apiKeys.scopes = [signIn.scope];
// the identity manager gives a token to the services it was told of, and to no others of the server
const services = [taskUrl, mapUrl].filter(Boolean);
if (signIn.token) for (const server of services) esriId.registerToken({ server, token: signIn.token });
if (signIn.first) for (const url of services) await esriId.getCredential(url);

async function resultOf() {
  const job = new JobInfo({ jobId, jobStatus: "job-succeeded", sourceUrl: taskUrl });
  await job.checkJobStatus();
  return job.fetchResultMapImageLayer();
}

const layer = taskUrl ? await resultOf() : new MapImageLayer({ url: mapUrl });
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
await layer.loadAll();
const layers = layer.allSublayers.map(({ id, title, loaded }) => [id, title, loaded]).toArray();
const { data: legend } = await esriRequest(`${layer.url}/legend`, { query: { f: "json" } });

function show() {
  const { xmin, ymin, xmax, ymax, spatialReference } = view.extent;
  // without a basemap the view takes the spatial reference of the job's map
  window.shown = { box: [xmin, ymin, xmax, ymax], wkid: spatialReference.wkid, url: layer.url, layers, legend: legend.layers.map(({ layerName }) => layerName) };
}

show();
/** A sublayer fainter, and by another renderer: what it was, and what it is. */
window.changed = async (id, opacity, renderer) => {
  const sublayer = layer.findSublayerById(id);
  const told = sublayer.opacity;
  Object.assign(sublayer, { opacity, ...(renderer && { renderer: fromJSON(renderer) }) });
  await whenOnce(() => view.updating);
  await whenOnce(() => !view.updating);
  show();
  return { told, opacity: sublayer.opacity, renderer: sublayer.renderer?.visualVariables?.[0]?.type ?? null };
};
/** Draws again, as after a move of the map. */
window.again = async () => {
  layer.refresh();
  await whenOnce(() => view.updating);
  await whenOnce(() => !view.updating);
  show();
};
