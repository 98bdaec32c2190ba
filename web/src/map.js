// One job's map: puts the pieces together.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Attribution from "ol/control/Attribution.js";
import FullScreen from "ol/control/FullScreen.js";
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import TileLayer from "ol/layer/Tile.js";
import XYZ from "ol/source/XYZ.js";
import { downloads } from "./downloads.js";
import { resolutionsTo, worldAbout } from "./grid.js";
import { homeControl } from "./home.js";
import { icon } from "./icon.js";
import { Popup } from "./popup.js";
import { LayerList } from "./layers.js";
import { place } from "./place.js";
import { readouts } from "./readouts.js";
import { Stack } from "./stack.js";
import { watchVersion } from "./version.js";

const data = JSON.parse(document.getElementById("map-data").textContent);
const stage = document.querySelector(".stage");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

const view = new View({
  resolutions: resolutionsTo(data.finestZoom),
  constrainResolution: true,
  smoothResolutionConstraint: false,
  enableRotation: false,
  // of the centre alone: what lies all around the earth need not fill the window
  extent: worldAbout(data.meridian),
  constrainOnlyCenter: true,
});
const map = new OlMap({
  target: "map",
  view,
  controls: [
    new Zoom({ zoomInLabel: "+", zoomOutLabel: "–", delta: 2 }),
    homeControl(() => zoomTo(data.bounds)),
    new FullScreen({ source: stage, tipLabel: "Full screen", label: icon("M12 3h5v5M17 3l-6 6M8 17H3v-5M3 17l6-6"), labelActive: icon("M17 8h-5V3M12 8l6-6M3 12h5v5M8 12l-6 6") }),
    new ScaleLine({ target: stage.querySelector("[data-scale-line]"), minWidth: 72 }),
    new Attribution({ collapsible: false }),
  ],
  interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, zoomDelta: 2 }),
});
// OpenLayers names its buttons by title only, which is no name beside the sign they show
for (const button of stage.querySelectorAll(".ol-control button[title]")) button.setAttribute("aria-label", button.title);
if (data.basemap) {
  map.addLayer(new TileLayer({ source: new XYZ({ url: data.basemap.url, attributions: escapeText(data.basemap.attribution) }) }));
}

const stack = new Stack(map, data);
const list = new LayerList(document.getElementById("pane-layers"), data, { draw, zoomTo, zoomToScale });

let popup = null;

function draw() {
  stack.show(list.shown(), list.isAsPublished());
  popup?.close();
}

function zoomTo(bounds, options = { duration: still ? 0 : 250 }) {
  view.fit(bounds, { padding: [28, 28, 44, 28], ...options });
}

/** Goes to the nearest zoom at which a layer with a scale range is seen. */
function zoomToScale(resolution, nearer) {
  const zoom = view.getZoomForResolution(resolution);
  view.animate({ zoom: nearer ? Math.ceil(zoom + 1e-6) : Math.floor(zoom - 1e-6), duration: still ? 0 : 250 });
}

if (!place(view, data.meridian)) zoomTo(data.bounds, {});
list.onOpacity = (opacity) => stack.setOpacity(opacity);
list.draw();
list.follow(view);
readouts(map, stage);
downloads(map, data, list);
watchVersion(stack, data, stage);
if (data.layers.some((layer) => layer.asks)) popup = new Popup(map, stage, data, list, { still, onGone: () => stack.onFailure() });

function escapeText(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element.innerHTML;
}

// for tests and for the curious: nothing of ours reads it
window.rendermap = { map, stack };
