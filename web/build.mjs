// Bundles islands and styles into the package (src/fenhe/app/static/built), with hashed names and a
// manifest that `{% asset %}` reads; copies the fonts that printed sheets embed.
// `node build.mjs --if-changed` does nothing when the inputs are those of the last build.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/fenhe/app/static/built");
const fonts = {
  "NotoSansSC-Regular.ttf": "400Regular/NotoSansSC_400Regular.ttf",
  "NotoSansSC-Bold.ttf": "700Bold/NotoSansSC_700Bold.ttf",
  "OFL.txt": "LICENSE_FONT",
};

const inputs = await fingerprint();
const manifestPath = join(out, "manifest.json");
if (process.argv.includes("--if-changed")) {
  const built = await readFile(manifestPath, "utf8").then(JSON.parse, () => ({}));
  if (built.inputs === inputs) process.exit(0);
}

await rm(out, { recursive: true, force: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: {
    main: "src/main.ts",
    chart: "src/chart.ts",
    whatif: "src/whatif.ts",
    alarms: "src/alarms.ts",
    reports: "src/reports.ts",
    map: "src/map.ts",
    "map-worker": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    screen: "src/screen.ts",
    page: "styles/page.css",
    dark: "styles/dark.css",
  },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2021", "chrome94", "firefox93", "safari15"],
  minify: true,
  metafile: true,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  legalComments: "linked",
});

const files = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (!output.entryPoint || relative(out, join(here, path)).startsWith("chunk")) continue;
  const file = relative(out, join(here, path));
  const extension = file.slice(file.lastIndexOf("."));
  files[file.slice(0, file.lastIndexOf("-")) + extension] = file;
}
await mkdir(join(out, "fonts"), { recursive: true });
for (const [name, source] of Object.entries(fonts)) {
  const from = join(here, "node_modules/@expo-google-fonts/noto-sans-sc", source);
  await copyFile(from, join(out, "fonts", name));
}
await writeFile(manifestPath, JSON.stringify({ inputs, files }, null, 1) + "\n");

for (const name of (await readdir(out)).filter((name) => /\.(js|css)$/.test(name)).sort()) {
  const bytes = await readFile(join(out, name));
  console.log(`${name.padEnd(28)} ${(gzipSync(bytes).length / 1024).toFixed(1)} kB gzip`);
}

async function fingerprint() {
  const hash = createHash("sha256");
  const entries = await readdir(here, { recursive: true, withFileTypes: true });
  const sources = entries
    .filter((entry) => entry.isFile() && /\.(ts|css|json|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes("node_modules"))
    .sort();
  for (const path of sources) hash.update(relative(here, path)).update(await readFile(path));
  return hash.digest("hex");
}
