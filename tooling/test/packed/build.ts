import { pnpm } from "../../pnpm.ts";

/** Builds all packages once, before the tests that pack them. If nothing has changed, turbo uses its cache. */
export function setup(): void {
  pnpm(["--silent", "run", "build", "--output-logs=errors-only"]);
}
