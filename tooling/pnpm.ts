import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "..");

/** Runs the pnpm that package.json pins; it need not be installed. Throws with what it printed if it fails. */
export function pnpm(args: string[], { cwd = ROOT }: { cwd?: string } = {}): string {
  // The one that bootstrap.mjs has fetched and compared with its hash.
  const fetched = process.env.WAYMARK_PNPM;
  if (fetched !== undefined) return run(fetched, args, { cwd });
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return run("npx", ["--yes", "--prefer-offline", packageManager, ...args], { cwd });
}

/** Runs a command and answers its stdout. Throws with all that it printed where its exit code is not 0. */
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
