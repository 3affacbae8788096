import { join } from "node:path";
import { createWorkflowEngine } from "@waymark/core";
import { type ImportReport, importExecutionOutputs } from "@waymark/core/migration";
import { openExecutionRows } from "../import/execution-rows.ts";
import { openStore } from "../store/open-store.ts";
import type { Progress } from "./progress.ts";

/** Options of `playground import`. */
export interface ImportFlags {
  workflow?: string;
  userId?: string;
  dryRun?: boolean;
  store: string;
  url?: string;
  dataDir: string;
  json?: boolean;
}

/** Imports the rows of a file. @throws {WorkflowError} if the file or the store cannot be used */
export async function importFile(file: string, flags: ImportFlags, progress: Progress): Promise<ImportReport> {
  const { store: name, url, dataDir, workflow: workflowId, userId, dryRun = false } = flags;
  const rows = await openExecutionRows(file, { workflowId, userId });
  const store = await openStore({
    name,
    ...(url === undefined ? {} : { url }),
    dataDir: join(dataDir, "import"),
  });
  try {
    return await importExecutionOutputs(rows, {
      engine: createWorkflowEngine({ store, workflows: [], executors: {} }),
      dryRun,
      onProgress: ({ read, refused }) => progress.show({ what: `${read} rows read, ${refused} left out` }),
    });
  } finally {
    progress.end();
    await store.close();
  }
}
