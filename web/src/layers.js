// The list of layers: switches, opacities, and which of them the scale lets through.
const PIXEL_M = 0.00028;

export class LayerList {
  constructor(root, data, actions) {
    this.actions = actions;
    this.layers = data.layers.map((layer) => ({ ...layer, on: layer.visible, opacity: null, row: root.querySelector(`[data-layer="${layer.id}"]`) }));
    this.byId = new Map(this.layers.map((layer) => [layer.id, layer]));
    for (const layer of this.layers) this.wire(layer);
    const all = root.querySelector("[data-fade-all]");
    all.addEventListener("input", () => {
      tell(all);
      this.onOpacity(Number(all.value) / 100);
    });
    this.onOpacity = () => {};
  }

  wire(layer) {
    const own = (selector) => layer.row.querySelector(`:scope > .layer-row ${selector}`) ?? layer.row.querySelector(`:scope > ${selector}`);
    const box = own("[data-switch]");
    // a browser that comes back to the page remembers its boxes
    box.checked = layer.on;
    box.addEventListener("change", () => {
      layer.on = box.checked;
      this.draw();
    });
    own("[data-zoom]")?.addEventListener("click", () => this.actions.zoomTo(layer.bounds ?? this.boundsOf(layer)));
    const toggle = own("[data-fade-toggle]");
    const slider = layer.row.querySelector(`:scope > .fade [data-fade]`);
    toggle?.addEventListener("click", () => {
      const open = toggle.getAttribute("aria-expanded") !== "true";
      toggle.setAttribute("aria-expanded", String(open));
      slider.closest(".fade").hidden = !open;
      if (open) slider.focus();
    });
    slider?.addEventListener("input", () => {
      tell(slider);
      layer.opacity = Number(slider.value) / 100;
      this.draw();
    });
    layer.hint = layer.row.querySelector(":scope > [data-range]");
  }

  boundsOf(group) {
    const boxes = this.layers.filter((layer) => layer.parent === group.id && layer.bounds).map((layer) => layer.bounds);
    return [Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1])), Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3]))];
  }

  draw() {
    for (const layer of this.layers) layer.row.classList.toggle("layer-off", !this.isOn(layer));
    this.actions.draw();
  }

  isOn(layer) {
    return layer.on && (layer.parent === null || this.isOn(this.byId.get(layer.parent)));
  }

  /** Visible layers, top first. */
  shown() {
    return this.layers.filter((layer) => layer.draws && this.isOn(layer)).map(({ id, opacity }) => ({ id, opacity }));
  }

  /** Ids of the layers that can be seen at a resolution and may be asked about. */
  asked(resolution) {
    const scale = resolution / PIXEL_M;
    return this.layers.filter((layer) => layer.asks && this.isOn(layer) && layer.opacity !== 0 && !isTooFar(layer, scale) && !isTooNear(layer, scale)).map((layer) => layer.id);
  }

  /** True while nothing differs from what the service shows by default. */
  isAsPublished() {
    return this.layers.every((layer) => layer.opacity === null && layer.on === layer.visible);
  }

  /** Keeps the hints about scale in step with the view. */
  follow(view) {
    const tellRanges = () => {
      const scale = view.getResolution() / PIXEL_M;
      for (const layer of this.layers) if (layer.hint) this.tellRange(layer, scale);
    };
    view.on("change:resolution", tellRanges);
    tellRanges();
  }

  tellRange(layer, scale) {
    const tooFar = isTooFar(layer, scale);
    const tooNear = isTooNear(layer, scale);
    layer.row.classList.toggle("layer-unseen", tooFar || tooNear);
    layer.hint.hidden = !(tooFar || tooNear);
    if (layer.hint.hidden) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = tooFar ? "Zoom in to see this layer" : "Zoom out to see this layer";
    button.addEventListener("click", () => this.actions.zoomToScale((tooFar ? layer.farthest : layer.nearest) * PIXEL_M, tooFar));
    layer.hint.replaceChildren(button);
  }
}

function isTooFar(layer, scale) {
  return layer.farthest !== null && scale > layer.farthest;
}

function isTooNear(layer, scale) {
  return layer.nearest !== null && scale < layer.nearest;
}

function tell(slider) {
  slider.parentElement.querySelector("output").textContent = `${slider.value} %`;
}
