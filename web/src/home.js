// The button that shows the whole result.
import Control from "ol/control/Control.js";
import { icon } from "./icon.js";

export function homeControl(go) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Show the whole result";
  button.setAttribute("aria-label", button.title);
  button.append(icon("M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4"));
  button.addEventListener("click", go);
  const element = document.createElement("div");
  element.className = "ol-home ol-unselectable ol-control";
  element.append(button);
  return new Control({ element });
}
