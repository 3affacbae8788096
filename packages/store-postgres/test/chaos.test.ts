import { itSurvivesChaos } from "tooling/store-checks";
import { startOwnPostgres } from "tooling/test-servers";
import { afterAll } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const module = new URL("../src/index.ts", import.meta.url).href;
const server = await startOwnPostgres();
afterAll(() => server.stop());

itSurvivesChaos({
  addressOf: (name) => ({
    module,
    className: "PostgresCheckpointStore",
    options: { url: server.url, schema: name, poolSize: 4 },
  }),
  open: ({ options }) => PostgresCheckpointStore.connect(options),
});
