// OpenLayers: an image layer over the job's address, to whose root it sends f=image, and tiles over the alias.
import { decode } from "ol/Image.js";
import ImageLayer from "ol/layer/Image.js";
import TileLayer from "ol/layer/Tile.js";
import OlMap from "ol/Map.js";
import { createLoader } from "ol/source/arcgisRest.js";
import ImageSource from "ol/source/Image.js";
import ImageArcGISRest from "ol/source/ImageArcGISRest.js";
import TileArcGISRest from "ol/source/TileArcGISRest.js";
import TileState from "ol/TileState.js";
import View from "ol/View.js";

const { mapUrl, box, tiled, params, headers } = JSON.parse(decodeURIComponent(location.hash.slice(1)));

/** The picture of an address that wants to be asked with headers. */
async function fetched(url) {
  const answer = await fetch(url, { headers });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return URL.createObjectURL(await answer.blob());
}

async function load(tile, url) {
  tile.getImage().src = await fetched(url).catch(() => tile.setState(TileState.ERROR) ?? "");
}

const common = { url: mapUrl, params, crossOrigin: "anonymous" };
const decoded = { load: async (image, url) => decode(image, await fetched(url)) };
const layer = tiled
  ? new TileLayer({ source: new TileArcGISRest({ ...common, ...(headers && { tileLoadFunction: load }) }) })
  : new ImageLayer({ source: headers ? new ImageSource({ loader: createLoader({ ...common, ratio: 1, ...decoded }) }) : new ImageArcGISRest({ ...common, ratio: 1 }) });
const view = new View({ projection: "EPSG:3857", constrainResolution: false });
const map = new OlMap({ target: "map", controls: [], layers: [layer], view });
view.fit(box, { size: map.getSize() });
const source = layer.getSource();
source.on(["imageloaderror", "tileloaderror"], () => (window.failed = "load error"));
map.on("rendercomplete", () => (window.shown = { box: view.calculateExtent(map.getSize()) }));
