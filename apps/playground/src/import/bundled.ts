import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { WorkflowError } from "@waymark/core";
import { listed, quoted } from "@waymark/core/store";
import { type LoadedWorkflow, readWorkflowFiles } from "./workflow-file.ts";

const FOLDER = fileURLToPath(new URL("../../workflows/", import.meta.url));

/** Returns the ids of the bundled workflows. */
export async function bundledIds(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** Reads bundled workflows. @throws {WorkflowError} WORKFLOW_NOT_FOUND */
export async function readBundled(ids: readonly string[]): Promise<LoadedWorkflow[]> {
  const known = await bundledIds();
  for (const id of ids) {
    if (known.includes(id)) continue;
    throw new WorkflowError(
      "WORKFLOW_NOT_FOUND",
      `There is no bundled workflow ${quoted(id)}. The bundled workflows are ${listed(known)}.`,
    );
  }
  return readWorkflowFiles(ids.map((id) => `${FOLDER}${id}.json`));
}
