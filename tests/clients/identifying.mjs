// What stands at a place: asked by @arcgis/core's identify and by esri-leaflet's identifyFeatures.
import Extent from "@arcgis/core/geometry/Extent.js";
import Point from "@arcgis/core/geometry/Point.js";
import * as identify from "@arcgis/core/rest/identify.js";
import IdentifyParameters from "@arcgis/core/rest/support/IdentifyParameters.js";
import { identifyFeatures } from "esri-leaflet";
import L from "leaflet";

const { mapUrl, wkid, box, place, degrees, degreesBox } = JSON.parse(decodeURIComponent(location.hash.slice(1)));

async function byCore(layerOption) {
  const spatialReference = { wkid };
  const [xmin, ymin, xmax, ymax] = box;
  const { results } = await identify.identify(
    mapUrl,
    new IdentifyParameters({
      geometry: new Point({ x: place[0], y: place[1], spatialReference }),
      mapExtent: new Extent({ xmin, ymin, xmax, ymax, spatialReference }),
      width: 600, height: 400, tolerance: 3, layerOption, returnGeometry: true, returnFieldName: true, returnUnformattedValues: true,
    }),
  );
  return results.map(({ layerId, layerName, feature }) => [layerId, layerName, feature.attributes, feature.geometry?.type ?? null]);
}

function byLeaflet() {
  const map = L.map("map", { zoomControl: false, attributionControl: false, zoomSnap: 0 });
  const [west, south, east, north] = degreesBox;
  map.fitBounds([[south, west], [north, east]], { animate: false });
  return new Promise((resolve, reject) => {
    identifyFeatures({ url: mapUrl }).on(map).at(L.latLng(degrees[1], degrees[0])).layers("all").layerDef(0, "number > -1").tolerance(3)
      .run((error, collection, raw) => (error ? reject(error) : resolve([collection, raw.results.length])));
  });
}

try {
  const [collection, count] = await byLeaflet();
  window.shown = {
    all: await byCore("all"),
    top: await byCore("top"),
    leaflet: collection.features.map(({ layerId, properties, geometry }) => [layerId, properties, geometry?.type ?? null]),
    count,
  };
} catch (error) {
  window.failed = `${error.message ?? error} ${error.stack}`;
}
