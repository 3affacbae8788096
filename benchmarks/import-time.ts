// Measures how much longer a script with `import "@waymark/core"` takes than an empty script. The package must be
// built. WAYMARK_HOST_NODE is the path of the Node to measure. Default: the Node that runs this file.
//
//   node benchmarks/import-time.ts

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const RUNS = 41;
const TARGET_MS = 30;

const node = process.env.WAYMARK_HOST_NODE ?? process.execPath;
const entry = join(import.meta.dirname, "../packages/core/dist/index.js");
if (!existsSync(entry)) throw new Error("@waymark/core is not built. Run `pnpm build` first.");

const scripts = { empty: "", core: `import ${JSON.stringify(pathToFileURL(entry).href)};` };
const timesMs = { empty: [] as number[], core: [] as number[] };
for (let round = 0; round < RUNS; round++) {
  // In turns, so that other work of the machine affects both.
  timesMs.empty.push(timeMs(scripts.empty));
  timesMs.core.push(timeMs(scripts.core));
}
const [emptyMs, coreMs] = [median(timesMs.empty), median(timesMs.core)];
const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
console.log(`Node ${version}, median of ${RUNS} runs`);
console.log(`  empty script              ${emptyMs.toFixed(1)} ms`);
console.log(`  import "@waymark/core"    ${coreMs.toFixed(1)} ms`);
console.log(`  difference                ${(coreMs - emptyMs).toFixed(1)} ms (target: at most ${TARGET_MS} ms)`);

function timeMs(script: string): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(node, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - begin;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
