import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { itSurvivesChaos } from "tooling/store-checks";
import { afterAll } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const module = new URL("../src/index.ts", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "waymark-chaos-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

itSurvivesChaos({
  addressOf: (name) => ({ module, className: "PostgresCheckpointStore", options: { dataDir: join(folder, name) } }),
  open: ({ options }) => PostgresCheckpointStore.connect(options),
  isExclusive: true,
});
