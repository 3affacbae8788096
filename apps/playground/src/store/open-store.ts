import { mkdir } from "node:fs/promises";
import { type CheckpointStore, WorkflowError } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { PostgresCheckpointStore } from "@waymark/store-postgres";

/** Where V2 keeps its checkpoints, as plain data: another process opens the same store from it. */
export interface StoreChoice {
  name: string;
  /** The server's address, for stores that have one. */
  url?: string;
  /** The folder, for embedded stores. */
  dataDir?: string;
}

interface StoreKind {
  open: (choice: StoreChoice) => Promise<CheckpointStore>;
  /** What it needs beside its name. */
  needs?: "url" | "dataDir";
  /** A process that is killed leaves its checkpoints behind. */
  durable: boolean;
}

/** Tables of the playground lie beside those of an application. */
const SCHEMA = "waymark_playground";

const kinds: Readonly<Record<string, StoreKind>> = {
  pglite: {
    needs: "dataDir",
    durable: true,
    open: async ({ dataDir = "" }) => {
      await mkdir(dataDir, { recursive: true });
      return PostgresCheckpointStore.connect({ dataDir });
    },
  },
  postgres: {
    needs: "url",
    durable: true,
    open: ({ url = "" }) => PostgresCheckpointStore.connect({ url, schema: SCHEMA }),
  },
  memory: { durable: false, open: async () => new MemoryCheckpointStore() },
};

/** The names that `--store` takes; the first is the default. */
export const STORE_NAMES: readonly string[] = Object.keys(kinds);

/** Whether a store outlives a process that is killed. */
export function isDurable({ name }: StoreChoice): boolean {
  return kindOf(name).durable;
}

/** Opens a store. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE */
export async function openStore(choice: StoreChoice): Promise<CheckpointStore> {
  const { open, needs } = kindOf(choice.name);
  if (needs === "url" && choice.url === undefined) {
    throw new WorkflowError("INVALID_ARGUMENT", `--store ${choice.name}: give the server's address with --url.`);
  }
  return open(choice);
}

function kindOf(name: string): StoreKind {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind !== undefined) return kind;
  throw new WorkflowError("INVALID_ARGUMENT", `--store: "${name}" is not one of ${STORE_NAMES.join(", ")}.`);
}
