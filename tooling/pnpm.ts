import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "..");

/** Runs the pnpm version that package.json pins, which need not be installed. If it fails, throws with its output. */
export function pnpm(args: string[], { cwd = ROOT }: { cwd?: string } = {}): string {
  // The program that bootstrap.mjs has downloaded and checked against its hash.
  const fetched = process.env.WAYMARK_PNPM;
  if (fetched !== undefined) return run(fetched, args, { cwd });
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return run("npx", ["--yes", "--prefer-offline", packageManager, ...args], { cwd });
}

/** Runs a command and returns its stdout. If its exit code is not 0, throws with all its output. */
export function run(
  command: string,
  args: string[],
  { cwd = ROOT, env = process.env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const shell = process.platform === "win32" && command === "npx";
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, env, shell, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}
