import { mkdir } from "node:fs/promises";
import { type CheckpointStore, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";

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

/** What the playground keeps lies beside what an application keeps. */
const NAMESPACE = "waymark_playground";

// Drivers are loaded when they are needed: a process that is killed after a second should not spend it on loading them.
const kinds: Readonly<Record<string, StoreKind>> = {
  pglite: {
    needs: "dataDir",
    durable: true,
    open: async ({ dataDir = "" }) => {
      const { PostgresCheckpointStore } = await import("@waymark/store-postgres");
      // For nobody else's eyes: checkpoints hold what the workflows work on.
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      return PostgresCheckpointStore.connect({ dataDir });
    },
  },
  postgres: {
    needs: "url",
    durable: true,
    open: async ({ url = "" }) => {
      const { PostgresCheckpointStore } = await import("@waymark/store-postgres");
      return PostgresCheckpointStore.connect({ url, schema: NAMESPACE });
    },
  },
  redis: {
    needs: "url",
    durable: true,
    open: async ({ url = "" }) => {
      const { RedisCheckpointStore } = await import("@waymark/store-redis");
      return RedisCheckpointStore.connect({ url, keyPrefix: `${NAMESPACE}:`, onWarning: () => undefined });
    },
  },
  mongo: {
    needs: "url",
    durable: true,
    open: async ({ url = "" }) => {
      const { MongoCheckpointStore } = await import("@waymark/store-mongo");
      return MongoCheckpointStore.connect({ url, collectionPrefix: `${NAMESPACE}_` });
    },
  },
  memory: {
    durable: false,
    open: async () => {
      const { MemoryCheckpointStore } = await import("@waymark/store-memory");
      return new MemoryCheckpointStore();
    },
  },
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
  throw new WorkflowError("INVALID_ARGUMENT", `--store: ${quoted(name)} is not one of ${STORE_NAMES.join(", ")}.`);
}
