import { type CheckpointStore, WorkflowError } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";

const openers: Readonly<Record<string, () => Promise<CheckpointStore>>> = {
  memory: async () => new MemoryCheckpointStore(),
};

/** The names that `--store` takes. */
export const STORE_NAMES: readonly string[] = Object.keys(openers);

/** Opens the store of a name, empty. @throws {WorkflowError} INVALID_ARGUMENT */
export async function openStore(name: string): Promise<CheckpointStore> {
  const open = Object.hasOwn(openers, name) ? openers[name] : undefined;
  if (open === undefined) {
    throw new WorkflowError("INVALID_ARGUMENT", `--store: "${name}" is not one of ${STORE_NAMES.join(", ")}.`);
  }
  return open();
}
