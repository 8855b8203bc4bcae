// Answers for tests: JSON lines {values, parts} on standard input, the composite in hundredths out.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

const made = await build({
  entryPoints: [new URL("src/composite.ts", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  write: false,
});
const code = Buffer.from(made.outputFiles[0].contents).toString("base64");
const { composite } = await import(`data:text/javascript;base64,${code}`);
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const { values, parts } = JSON.parse(line);
  console.log(JSON.stringify(composite(values, parts)));
}
