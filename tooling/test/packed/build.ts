import { pnpm } from "../../pnpm.ts";

/** Builds all packages once, before the tests that pack them; where nothing has changed, turbo has it in its cache. */
export function setup(): void {
  pnpm(["--silent", "run", "build", "--output-logs=errors-only"]);
}
