// The job's layers on the map.  Neighbours that are drawn alike come as one picture from the service, so a map as published costs one
// request per tile; a layer with an opacity of its own is asked for alone.
import { buffer, intersects } from "ol/extent.js";
import TileLayer from "ol/layer/Tile.js";
import TileImage from "ol/source/TileImage.js";
import { gridAbout, worldAbout } from "./grid.js";

const REACH_PX = 64;
const CLASS = "result";

export class Stack {
  constructor(map, data) {
    this.map = map;
    this.data = data;
    this.grid = gridAbout(data.meridian);
    this.opacity = 1;
    this.drawn = [];
    this.coming = null;
    this.onFailure = () => {};
    this.onLoading = () => {};
    this.waiting = 0;
  }

  /** shown: visible layers, top first, as {id, opacity}; opacity is null for those drawn as published. */
  show(shown, isAsPublished) {
    const runs = runsOf(shown, isAsPublished);
    const keys = runs.map((run) => run.key).join("|");
    if (keys === (this.coming ?? this).keys) return fade(this.coming ?? this, runs);
    this.drop(this.coming);
    const next = { keys, drawn: runs.map((run) => this.layer(run)).reverse() };
    for (const layer of next.drawn) this.map.addLayer(layer);
    if (!this.drawn.length || !next.drawn.length) return this.take(next);
    // what is on the screen stays until its successor is whole
    for (const layer of next.drawn) layer.setOpacity(0);
    this.coming = { ...next, isHeld: true };
    const coming = this.coming;
    this.map.once("rendercomplete", () => this.coming === coming && this.take(coming));
  }

  take(next) {
    this.drop(this);
    this.keys = next.keys;
    this.drawn = next.drawn;
    this.coming = null;
    for (const layer of this.drawn) layer.setOpacity(layer.get("fade") ?? 1);
  }

  drop(old) {
    for (const layer of old?.drawn ?? []) this.map.removeLayer(layer);
  }

  /** Opacity of the whole result: its layers share one canvas, which fades as one. */
  setOpacity(opacity) {
    this.opacity = opacity;
    this.paint();
  }

  paint() {
    for (const element of this.map.getViewport().querySelectorAll(`.${CLASS}`)) element.style.opacity = String(this.opacity);
  }

  layer(run) {
    const source = this.source(run.ids);
    const layer = new TileLayer({ className: CLASS, source, extent: worldAbout(this.data.meridian), opacity: run.opacity, properties: { ids: run.ids, fade: run.opacity } });
    layer.on("postrender", () => this.paint());
    source.on("tileloadstart", () => this.count(1));
    source.on("tileloadend", () => this.count(-1));
    source.on("tileloaderror", () => {
      this.count(-1);
      this.onFailure();
    });
    return layer;
  }

  count(step) {
    this.waiting = Math.max(0, this.waiting + step);
    this.onLoading(this.waiting > 0);
  }

  source(ids) {
    const double = devicePixelRatio > 1;
    const { token } = this.data.paths;
    const query = [ids && `layers=${ids}`, this.data.meridian && `meridian=${this.data.meridian}`, token && `token=${encodeURIComponent(token)}`].filter(Boolean).join("&");
    const ending = `${double ? "@2x" : ""}.png${query && `?${query}`}`;
    return new TileImage({
      tileGrid: this.grid,
      tilePixelRatio: double ? 2 : 1,
      tileUrlFunction: ([level, col, row]) => (this.isInside([level, col, row]) ? `${this.data.paths.tiles}/${level}/${col}/${row}${ending}` : undefined),
    });
  }

  isInside(address) {
    const reach = REACH_PX * this.grid.getResolution(address[0]);
    return intersects(this.grid.getTileCoordExtent(address), buffer(this.data.bounds, reach));
  }
}

function runsOf(shown, isAsPublished) {
  if (isAsPublished) return shown.length ? [{ key: "all", ids: "", opacity: 1 }] : [];
  const runs = [];
  for (const { id, opacity } of shown) {
    const last = runs.at(-1);
    if (last && opacity === null && last.plain) last.list.push(id);
    else runs.push({ list: [id], plain: opacity === null, opacity: opacity ?? 1 });
  }
  return runs.map((run) => ({ key: `${run.plain ? "" : "~"}${run.list}`, ids: String(run.list), opacity: run.opacity }));
}

function fade({ drawn, isHeld }, runs) {
  [...drawn].reverse().forEach((layer, at) => {
    layer.set("fade", runs[at].opacity);
    if (!isHeld) layer.setOpacity(runs[at].opacity);
  });
}
