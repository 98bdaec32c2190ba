// Bundles each client's page into the folder given as argument; nothing is fetched.
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
const clients = ["arcgis", "calls", "geoprocessing", "identifying", "leaflet", "leaflet_geoprocessing", "maplibre", "openlayers", "tiles"];
await mkdir(folder, { recursive: true });
await build({
  entryPoints: clients.map((client) => `${client}.mjs`),
  absWorkingDir: import.meta.dirname,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  outdir: folder,
  logLevel: "error",
  loader: { ".png": "dataurl", ".svg": "text", ".wasm": "file" },
});
for (const client of clients) {
  await writeFile(
    join(folder, `${client}.html`),
    `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><link rel="stylesheet" href="leaflet.css">
<style>body { margin: 0 } #map { width: 600px; height: 400px; background: #fff }</style>
<div id="map"></div><script type="module" src="${client}.js"></script>`,
  );
}
await cp(join(import.meta.dirname, "node_modules/leaflet/dist/leaflet.css"), join(folder, "leaflet.css"));
// MapLibre looks for its worker beside itself
await cp(join(import.meta.dirname, "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs"), join(folder, "maplibre-gl-worker.mjs"));
