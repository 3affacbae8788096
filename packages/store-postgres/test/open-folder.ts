// For pglite.test.ts: opens a folder, writes an execution and stays until it is killed or its standard input ends.
import { isWorkflowError } from "@waymark/core";
import { newExecution } from "tooling/store-fixtures";
import { PostgresCheckpointStore } from "../src/index.ts";

process.stdin.on("end", () => process.exit()).resume();
try {
  const store = await PostgresCheckpointStore.connect({ dataDir: String(process.argv[2]) });
  await store.createExecution(newExecution("from-another-process"));
  console.log("open");
} catch (error) {
  console.log(isWorkflowError(error) ? error.details.reason : String(error));
  process.exit();
}
