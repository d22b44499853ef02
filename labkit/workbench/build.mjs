// Build the extension from lib/ into labextension/, and write beside it what it was built from (tests/unit/test_workbench.py).
import {execFileSync} from "node:child_process";
import {createHash} from "node:crypto";
import {readFileSync, readdirSync, rmSync, writeFileSync} from "node:fs";

const WHERE = "import jupyterlab, pathlib; print(pathlib.Path(jupyterlab.__file__).with_name('staging'))";
const core = execFileSync("python3", ["-c", WHERE], {encoding: "utf8"}).trim();
const below = (folder) => readdirSync(folder).sort().map((name) => `${folder}/${name}`);
const sources = [...below("src"), ...below("style"), "../ui/src/dom.ts", "build.mjs", "package.json", "package-lock.json"];
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\0`).update(readFileSync(name)).update("\0");

rmSync("labextension", {recursive: true, force: true});
execFileSync("node_modules/.bin/build-labextension", ["--core-path", core, "."], {stdio: "inherit"});
writeFileSync("labextension/source", `${digest.digest("hex")}\n`);
