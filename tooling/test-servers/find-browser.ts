import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { debianProgram } from "./debian-program.ts";
import { hasApt } from "./private-apt.ts";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/waymark", import.meta.url));
const ADVICE = "Install Chromium or Chrome, set CHROMIUM_PATH to one, or run `npx playwright install chromium`.";

/** The arguments with which a Chromium starts for any user, and asks no other server for anything. */
export const BROWSER_ARGUMENTS: readonly string[] = [
  "--no-sandbox", // Chromium refuses to start as root with it, and tests open only pages of this repository
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Finds a Chromium: that of CHROMIUM_PATH, otherwise one on PATH, otherwise Playwright's own, otherwise the one from
 * Debian's packages, which is unpacked below node_modules.
 */
export async function findBrowser(): Promise<string> {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== "") return named;
  for (const command of ["chromium", "google-chrome"]) {
    const path = await onPath(command);
    if (path !== undefined) return path;
  }
  if (existsSync(chromium.executablePath())) return chromium.executablePath();
  if (!hasApt()) throw new Error(`No browser for the tests. ${ADVICE}`);
  try {
    return await debianProgram(CACHE, { packages: ["chromium"], path: "usr/lib/chromium/chromium" });
  } catch (cause) {
    throw new Error(`No browser for the tests: Debian's package could not be fetched. ${ADVICE}`, { cause });
  }
}

async function onPath(command: string): Promise<string | undefined> {
  try {
    return (await run("which", [command])).stdout.trim();
  } catch {
    return undefined;
  }
}
