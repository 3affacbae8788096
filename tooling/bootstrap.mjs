// Runs one of the workspace's scripts on a machine that has only Node and npm:
//
//   node tooling/bootstrap.mjs <script> [arguments for the script]
//
// Plain JavaScript with no dependency, because it runs before anything is installed and on the oldest supported Node.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, "node_modules", ".installed");
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
/** The hashes of the packages of pnpm, for the version that package.json pins. */
const PNPM_HASHES = JSON.parse(readFileSync(join(ROOT, "tooling/pnpm-hashes.json"), "utf8"));

/** The first Node that runs TypeScript directly. It is needed if npm has no Node for the toolchain on this platform. */
const TYPESCRIPT_NODE = "22.18.0";

requireNode(MANIFEST.engines.node);
const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail("Usage: node tooling/bootstrap.mjs <script> [arguments]");
await install();
if (!hasOwnNode()) requireNode(TYPESCRIPT_NODE);
process.exitCode = await pnpm(["--silent", "run", script, ...args], "inherit");

function requireNode(range) {
  const parts = (text) =>
    text
      .replace(/^[^\d]*/, "")
      .split(".")
      .map(Number);
  const [needed, running] = [parts(range), parts(process.versions.node)];
  const first = needed.findIndex((part, index) => part !== running[index]);
  if (first === -1 || running[first] > needed[first]) return;
  fail(`Waymark needs Node ${needed.join(".")} or newer; this is Node ${process.versions.node} (${process.execPath}).`);
}

/** Returns whether npm has installed a Node for this platform, so that the scripts do not run on the current one. */
function hasOwnNode() {
  return ["node", "node.exe", "node.cmd"].some((name) => existsSync(join(ROOT, "node_modules/.bin", name)));
}

/** Installs the dependencies, unless the last installation used the same manifests and lockfile. */
async function install() {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  note("Installing dependencies (the first time this takes a minute) ...");
  rmSync(STAMP, { force: true });
  // pnpm's output goes to stderr here, so that stdout contains only the script's own output.
  const code = await pnpm(["install", "--frozen-lockfile", "--prefer-offline"], ["inherit", 2, 2]);
  if (code !== 0) fail(`The installation ended with exit code ${code}. The first one needs the npm registry.`, code);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, wanted);
}

function fingerprint() {
  const workspace = readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8");
  const globs = workspace.match(/^packages:\n((?: +- .*\n)+)/m)[1].match(/[^\s-]\S*/g);
  const folders = globs.flatMap((glob) => (glob.endsWith("/*") ? foldersIn(glob.slice(0, -2)) : [glob]));
  const files = [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ...["", ...folders].map((folder) => join(folder, "package.json")),
  ];
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const file of files.filter((name) => existsSync(join(ROOT, name)))) {
    hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest("hex");
}

function foldersIn(parent) {
  if (!existsSync(join(ROOT, parent))) return [];
  return readdirSync(join(ROOT, parent))
    .map((name) => join(parent, name))
    .sort();
}

/**
 * Returns the program of the pnpm version that package.json pins. It is downloaded once, and refused if its hash
 * differs. Returns `undefined` on platforms whose hash is not known.
 */
function pinnedPnpm() {
  const version = MANIFEST.packageManager.replace(/^pnpm@/, "");
  const platform = `@pnpm/exe.${process.platform}-${process.arch}`;
  const isKnown = PNPM_HASHES[platform] !== undefined && process.report.getReport().header.glibcVersionRuntime;
  if (!isKnown) return undefined;
  const folder = join(ROOT, "node_modules/.cache/waymark", `pnpm-${version}`);
  // Not node_modules/.bin/pnpm: without install scripts that is a shell script that turbo cannot start.
  const program = join(folder, "node_modules", platform, "pnpm");
  if (existsSync(program)) return program;
  // Both are named, because npm silently skips an optional package whose hash differs.
  const dependencies = { pnpm: version, [platform]: version };
  const packages = {
    "": { dependencies },
    "node_modules/pnpm": { version, integrity: PNPM_HASHES.pnpm, bin: { pnpm: "pnpm" } },
    [`node_modules/${platform}`]: { version, integrity: PNPM_HASHES[platform] },
  };
  const unfinished = `${folder}-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const lockfile = { lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(unfinished, "package.json"), JSON.stringify({ private: true, dependencies }));
  writeFileSync(join(unfinished, "package-lock.json"), JSON.stringify(lockfile));
  const args = ["ci", "--silent", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status } = spawnSync("npm", args, { cwd: unfinished, stdio: ["ignore", 2, 2] });
  if (status === 0 && !existsSync(folder)) renameSync(unfinished, folder);
  rmSync(unfinished, { recursive: true, force: true });
  if (status !== 0)
    fail(
      `npm could not fetch ${MANIFEST.packageManager}, or its hash differs from the one in tooling/pnpm-hashes.json.`,
    );
  return program;
}

/** Runs the pinned pnpm, by npx if no hash is known for this platform, and returns its exit code. */
function pnpm(pnpmArgs, stdio) {
  const pinned = pinnedPnpm();
  const [command, ...args] =
    pinned === undefined ? ["npx", "--yes", "--prefer-offline", MANIFEST.packageManager] : [pinned];
  // On a terminal the children are in its foreground group, to which Ctrl-C is sent as a whole. Otherwise they get a
  // group of their own, so that a signal to this process alone ends all of them.
  const ownGroup = !process.stdin.isTTY && process.platform !== "win32";
  const child = spawn(command, [...args, ...pnpmArgs], {
    cwd: ROOT,
    stdio,
    detached: ownGroup,
    shell: process.platform === "win32",
    // The toolchain runs on its own Node. The tests of packed packages need the user's Node.
    env: {
      ...{ WAYMARK_HOST_NODE: process.execPath, TURBO_TELEMETRY_DISABLED: "1", WAYMARK_PNPM: pinned },
      ...process.env,
      // Scripts that run other scripts, and turbo, look for pnpm there. npx adds its own.
      ...(pinned === undefined ? {} : { PATH: `${dirname(pinned)}${delimiter}${process.env.PATH}` }),
    },
  });
  const forward = (signal) => {
    if (ownGroup) process.kill(-child.pid, signal);
    else if (signal !== "SIGINT") child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`${command} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function note(message) {
  process.stderr.write(`${message}\n`);
}

function fail(message, exitCode = 1) {
  note(message);
  process.exit(exitCode);
}
