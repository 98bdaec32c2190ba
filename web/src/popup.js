// What lies at a place: asked of the service by a click, or by Enter for the middle of the map, and told in a popup.
import Overlay from "ol/Overlay.js";

const REACH_PX = matchMedia("(pointer: coarse)").matches ? 12 : 5;
const PATIENCE_MS = 200;
const MARGIN_PX = 16;
const GONE = [401, 404, 410];

export class Popup {
  constructor(map, stage, data, list, { still, onGone }) {
    Object.assign(this, { map, data, list, still, onGone });
    this.element = stage.querySelector("[data-popup]");
    this.body = this.element.querySelector("[data-popup-body]");
    this.overlay = new Overlay({ element: this.element, positioning: "bottom-center", offset: [0, -14], insertFirst: false });
    map.addOverlay(this.overlay);
    this.element.hidden = false;
    map.on("singleclick", (event) => this.ask(event.coordinate, false));
    const target = map.getTargetElement();
    target.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === target) this.ask(map.getView().getCenter(), true);
    });
    stage.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.element.querySelector("[data-popup-close]").addEventListener("click", () => this.close());
  }

  /** isByKey: who asked by the keyboard is led to the answer. */
  async ask(place, isByKey) {
    this.close();
    const ids = this.list.asked(this.map.getView().getResolution());
    if (!ids.length) return;
    this.asking = new AbortController();
    const { signal } = this.asking;
    const waiting = setTimeout(() => this.show(place, [words("p", "popup-note", "Looking …")]), PATIENCE_MS);
    const told = await this.answer(place, ids, signal);
    clearTimeout(waiting);
    if (signal.aborted) return;
    if (!told) return this.close();
    this.show(place, told);
    if (isByKey) this.body.focus({ preventScroll: true });
  }

  /** What is to be shown, null where there is no such map any more. */
  async answer(place, ids, signal) {
    const size = this.map.getSize();
    const bbox = this.map.getView().calculateExtent(size);
    const figures = { at: place, bbox, size: size.map(Math.round), layers: ids };
    const query = new URLSearchParams(Object.entries(figures).map(([name, list]) => [name, list.join(",")]));
    query.set("reach", REACH_PX);
    if (this.data.paths.token) query.set("token", this.data.paths.token);
    try {
      const answer = await fetch(`${this.data.paths.identify}?${query}`, { signal });
      if (GONE.includes(answer.status)) return this.onGone(), null;
      const told = await answer.json();
      return answer.ok ? contents(told) : [words("p", "popup-note", told.error?.message ?? "The service cannot answer at the moment.")];
    } catch {
      return [words("p", "popup-note", "The service cannot be reached.")];
    }
  }

  show(place, children) {
    this.body.replaceChildren(...children);
    this.body.scrollTop = 0;
    this.overlay.setPosition(place);
    this.overlay.panIntoView({ margin: MARGIN_PX, animation: { duration: this.still ? 0 : 250 } });
  }

  close() {
    this.asking?.abort();
    if (this.element.contains(document.activeElement)) this.map.getTargetElement().focus({ preventScroll: true });
    this.overlay.setPosition(undefined);
  }
}

function contents({ found, isMore }) {
  if (!found.length) return [words("p", "popup-note", "Nothing to tell here.")];
  const parts = found.map(({ layer, title, facts }) => {
    const part = document.createElement("section");
    if (title) part.append(words("p", "popup-layer", layer));
    part.append(words("h2", "popup-title", title || layer));
    if (facts.length) part.append(listed(facts));
    return part;
  });
  return isMore ? [...parts, words("p", "popup-note", "More lies here: zoom in to tell it apart.")] : parts;
}

function listed(facts) {
  const list = document.createElement("dl");
  list.className = "facts";
  for (const [name, value] of facts) list.append(words("dt", "", name), words("dd", "", value));
  return list;
}

/** An element with a text: nothing of a dataset is ever read as markup. */
function words(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
