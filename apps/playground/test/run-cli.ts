import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { preparePGlite } from "../../../tooling/test-servers/index.ts";
import type { ComparisonReport } from "../src/compare/report.ts";

/** Where the playground keeps its data, in the folder that it runs in. */
const DATA_DIR = ".waymark/playground";
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/**
 * Runs the command line in a process of its own.
 *
 * - It has no key for a language model, unless `env` has one, and keeps checkpoints in memory, unless `args` name a store.
 */
export async function runCli(given: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const args = given[0] === "compare" && !given.includes("--store") ? [...given, "--store", "memory"] : given;
  const { ANTHROPIC_API_KEY: _, FORCE_COLOR: __, ...inherited } = process.env;
  const env = { ...inherited, ...options.env };
  const child = spawn(process.execPath, [MAIN, ...args], { ...options, env, stdio: ["ignore", "pipe", "pipe"] });
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr, report: () => JSON.parse(stdout) as ComparisonReport };
}

/** Makes a folder with files, which is removed on disposal. */
export async function folderWith(files: Record<string, unknown>) {
  const path = await mkdtemp(join(tmpdir(), "playground-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Makes a folder as {@link folderWith}, in which the playground finds empty databases, so that it need not make them. */
export async function folderWithPGlite(
  parts: readonly ("compare" | "kill" | "page")[],
  files: Record<string, unknown> = {},
) {
  const folder = await folderWith(files);
  for (const part of parts) await preparePGlite(join(folder.path, DATA_DIR, part));
  return folder;
}

/** Makes a canvas of nodes in a row: `[id, type, data]`. */
export function canvas(nodes: readonly [id: string, type: string, data?: Record<string, unknown>][]) {
  return {
    nodes: nodes.map(([id, type, data = {}], index) => ({ id, type, position: { x: index * 200, y: 0 }, data })),
    edges: nodes.slice(1).map(([target], index) => ({ id: `e${index}`, source: nodes[index]?.[0], target })),
    viewport: { x: 0, y: 0, zoom: 1 },
  };
}
