import { itSurvivesARestart } from "tooling/store-checks";
import { startOwnPostgres } from "tooling/test-servers";
import { PostgresCheckpointStore } from "../src/index.ts";

itSurvivesARestart({
  start: startOwnPostgres,
  connect: (url) => PostgresCheckpointStore.connect({ url, timeoutMs: 500 }),
});
