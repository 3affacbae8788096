import { mkdir } from "node:fs/promises";
import { type CheckpointStore, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";

/** The choice of a store as plain data, so that another process can open the same store. */
export interface StoreChoice {
  name: string;
  /** The server's address, for stores that have one. */
  url?: string;
  /** The folder, for embedded stores. */
  dataDir?: string;
}

interface StoreKind {
  open: (choice: StoreChoice) => Promise<CheckpointStore>;
  /** The option that it needs besides its name. */
  needs?: "url" | "dataDir";
  /** True if the checkpoints of a killed process remain. */
  durable: boolean;
}

/** The name of the playground's data, which keeps it apart from an application's. */
const NAMESPACE = "waymark_playground";

// Drivers are loaded only if needed, because a process that is killed after a second has no time for it.
const kinds: Readonly<Record<string, StoreKind>> = {
  pglite: {
    needs: "dataDir",
    durable: true,
    open: async ({ dataDir = "" }) => {
      const { PostgresCheckpointStore } = await import("@waymark/store-postgres");
      // Nobody else may read the folder, because checkpoints contain the data of the workflows.
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

/** The values of `--store`. The first is the default. */
export const STORE_NAMES: readonly string[] = Object.keys(kinds);

/** Returns true if a store outlives a killed process. */
export function isDurable({ name }: StoreChoice): boolean {
  return kindOf(name).durable;
}

/** Opens a store. @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE */
export async function openStore(choice: StoreChoice): Promise<CheckpointStore> {
  const { open, needs } = kindOf(choice.name);
  if (needs === "url" && choice.url === undefined) {
    throw new WorkflowError("INVALID_ARGUMENT", `--store ${choice.name} needs the server's address in --url.`);
  }
  return open(choice);
}

function kindOf(name: string): StoreKind {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind !== undefined) return kind;
  throw new WorkflowError("INVALID_ARGUMENT", `--store: ${quoted(name)} is not one of ${STORE_NAMES.join(", ")}.`);
}
