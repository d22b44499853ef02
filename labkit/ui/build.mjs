// Bundle src/ into static/panel.js, stamped with a digest of what it was built from (tests/unit/test_panel.py checks it).
import {createHash} from "node:crypto";
import {readFileSync, readdirSync} from "node:fs";
import {build} from "esbuild";

const sources = [...readdirSync("src").sort().map((name) => `src/${name}`), "build.mjs", "package-lock.json"];
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\0`).update(readFileSync(name)).update("\0");

await build({
  entryPoints: ["src/panel.ts"],
  outfile: "static/panel.js",
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  banner: {js: `// Built by "npm run build"; source: ${digest.digest("hex")}`},
});
