// OpenLayers: an image layer over the job's address, to whose root it sends f=image, and tiles over the alias.
import ImageLayer from "ol/layer/Image.js";
import TileLayer from "ol/layer/Tile.js";
import OlMap from "ol/Map.js";
import { createLoader } from "ol/source/arcgisRest.js";
import ImageSource from "ol/source/Image.js";
import TileArcGISRest from "ol/source/TileArcGISRest.js";
import View from "ol/View.js";

const { mapUrl, box, tiled } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const layer = tiled
  ? new TileLayer({ source: new TileArcGISRest({ url: mapUrl, crossOrigin: "anonymous" }) })
  : new ImageLayer({ source: new ImageSource({ loader: createLoader({ url: mapUrl, ratio: 1, crossOrigin: "anonymous" }) }) });
const view = new View({ projection: "EPSG:3857", constrainResolution: false });
const map = new OlMap({ target: "map", controls: [], layers: [layer], view });
view.fit(box, { size: map.getSize() });
const source = layer.getSource();
source.on(["imageloaderror", "tileloaderror"], () => (window.failed = "load error"));
map.on("rendercomplete", () => (window.shown = { box: view.calculateExtent(map.getSize()) }));
