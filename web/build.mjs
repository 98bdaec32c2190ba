// Builds the pages' scripts and styles into the package, under names that carry their content's hash.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../rendermap/frontends/viewer/static/build");
const entries = ["viewer.js", "viewer.css", "map.js", "map.css", "docs.js", "docs.css"];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: entries.map((name) => join("src", name)),
  entryNames: "[name]-[hash]",
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  legalComments: "none", // every package's whole licence goes into licenses.txt instead
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(file);
}
manifest["icon.svg"] = await write("icon.svg", await readFile(join(here, "src/icon.svg")));
manifest["licenses.txt"] = await write("licenses.txt", await licenses(Object.keys(result.metafile.inputs)));
// the manifest comes last: its presence says that the build is whole
await writeFile(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
console.log(`web: ${Object.keys(manifest).length} files in rendermap/frontends/viewer/static/build`);

async function write(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const hashed = `${basename(name, extname(name))}-${hash}${extname(name)}`;
  await writeFile(join(out, hashed), content);
  return hashed;
}

/** The licences of every package that a bundled file came from. */
async function licenses(inputs) {
  const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
  const parts = ["The pages of rendermap contain these packages.\n"];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const texts = (await readdir(folder)).filter((file) => /licen[sc]e|notice/i.test(file) && !/\.map$/.test(file)).sort();
    const bodies = await Promise.all(texts.map((file) => readFile(join(folder, file), "utf8")));
    if (!bodies.length && !about.license) throw new Error(`${name} tells no licence`);
    parts.push(`${"=".repeat(80)}\n${name} ${about.version} (${about.license})\n\n${bodies.join("\n\n")}`);
  }
  return parts.join("\n");
}
