// For killed-import.test.ts: imports the rows, and tells how many it has dealt with.
//
//   node importing-process.ts <url>
import { createWorkflowEngine } from "@waymark/core";
import { importExecutionOutputs } from "@waymark/core/migration";
import { PostgresCheckpointStore } from "../src/index.ts";
import { importedRows } from "./imported-rows.ts";

await using store = await PostgresCheckpointStore.connect({ url: String(process.argv[2]) });
let taken = 0;

function* rows() {
  for (const row of importedRows()) {
    process.send?.(++taken);
    yield row;
  }
}

await importExecutionOutputs(rows(), { engine: createWorkflowEngine({ store, workflows: [], executors: {} }) });
process.disconnect?.();
