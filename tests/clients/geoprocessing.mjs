// @arcgis/core from start to finish: a point is drawn on the map, the job submitted and waited for, its map shown with a legend and popups.
import esriConfig from "@arcgis/core/config.js";
import { whenOnce } from "@arcgis/core/core/reactiveUtils.js";
import Extent from "@arcgis/core/geometry/Extent.js";
import GraphicsLayer from "@arcgis/core/layers/GraphicsLayer.js";
import EsriMap from "@arcgis/core/Map.js";
import PopupTemplate from "@arcgis/core/PopupTemplate.js";
import { submitJob } from "@arcgis/core/rest/geoprocessor.js";
import FeatureSet from "@arcgis/core/rest/support/FeatureSet.js";
import LinearUnit from "@arcgis/core/rest/support/LinearUnit.js";
import MapView from "@arcgis/core/views/MapView.js";
import Legend from "@arcgis/core/widgets/Legend.js";
import SketchViewModel from "@arcgis/core/widgets/Sketch/SketchViewModel.js";

esriConfig.assetsPath = new URL("assets", location.href).href;

const { taskUrl, box } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [xmin, ymin, xmax, ymax] = box;
const drawn = new GraphicsLayer();
const map = new EsriMap({ layers: [drawn] });
const view = new MapView({
  container: "map",
  map,
  spatialReference: { wkid: 102100 },
  extent: new Extent({ xmin, ymin, xmax, ymax, spatialReference: { wkid: 102100 } }),
  constraints: { snapToZoom: false },
  ui: { components: [] },
});
view.on("layerview-create-error", (event) => (window.failed = String(event.error)));
await view.when();
await whenOnce(() => view.stationary);

const sketch = new SketchViewModel({ view, layer: drawn });
sketch.on("create", (event) => {
  if (event.state === "complete") run(event.graphic).catch((error) => (window.failed = String(error)));
});
await sketch.create("point");
await whenOnce(() => sketch.state === "active");
await whenOnce(() => !view.updating);
window.waiting = true;

async function run(place) {
  const inputs = { Place: new FeatureSet({ features: [place] }), Distance: new LinearUnit({ distance: 30, units: "kilometers" }) };
  const job = await submitJob(taskUrl, inputs);
  const statuses = [];
  await job.waitForJobCompletion({ interval: 100, statusCallback: ({ jobStatus }) => statuses.push(jobStatus) });
  const { value: rings } = await job.fetchResultData("Reach");
  const { value: number } = await job.fetchResultData("Rings");
  const layer = await job.fetchResultMapImageLayer();
  drawn.removeAll();
  map.add(layer);
  await layer.loadAll();
  for (const sublayer of layer.allSublayers) sublayer.popupTemplate = new PopupTemplate({ title: sublayer.title, content: "{*}", outFields: ["*"] });
  window.layer = layer;
  await settled();
  const legend = new Legend({ view, container: Object.assign(document.body.appendChild(document.createElement("div")), { id: "legend" }) });
  await whenOnce(() => legend.activeLayerInfos?.length && legend.activeLayerInfos.every((info) => info.ready));
  window.job = { jobId: job.jobId, statuses, number, rings: rings.features.length, exceeded: rings.exceededTransferLimit ?? false };
  show();
}

async function settled() {
  await whenOnce(() => view.updating).catch(() => {});
  await whenOnce(() => !view.updating);
}

function show() {
  const { xmin, ymin, xmax, ymax, spatialReference } = view.extent;
  const layers = window.layer.allSublayers.map(({ id, title, visible }) => [id, title, visible]).toArray();
  window.shown = { ...window.job, box: [xmin, ymin, xmax, ymax], wkid: spatialReference.wkid, layers };
}

/** Switches a sublayer, as a layer list does. */
window.toggle = async (id, visible) => {
  window.layer.findSublayerById(id).visible = visible;
  await settled();
  show();
};
/** What stands in the popup of a place on the screen: attributes by the title of their layer. */
window.told = async (x, y) => {
  await view.openPopup({ location: view.toMap({ x, y }), fetchFeatures: true });
  await whenOnce(() => view.popup?.features?.length);
  const found = view.popup.features.map((feature) => [feature.getEffectivePopupTemplate().title, feature.attributes]);
  view.closePopup();
  return found;
};
