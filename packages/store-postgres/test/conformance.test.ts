import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
afterAll(() => server.stop());

for (const [name, location] of [
  ["a schema per case", () => ({ schema: `case_${randomUUID().replaceAll("-", "")}` })],
  ["a prefix per case in one schema", () => ({ schema: "shared", tablePrefix: `p${randomUUID().slice(0, 8)}_` })],
] as const) {
  describe(name, () => {
    describeCheckpointStore(
      { describe, it },
      {
        name: "PostgresCheckpointStore",
        capabilities: PostgresCheckpointStore.capabilities,
        open: async () => {
          const options = { url: server.url, poolSize: 4, ...location() };
          const store = await PostgresCheckpointStore.connect(options);
          return { store, reopen: () => PostgresCheckpointStore.connect(options), close: () => store.close() };
        },
      },
    );
  });
}
