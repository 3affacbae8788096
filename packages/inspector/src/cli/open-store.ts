import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CheckpointStore } from "@waymark/core";

/** A command that cannot be understood. */
export class UsageError extends Error {}

/** How a store is opened. */
export interface StoreArguments {
  name: string;
  url: string;
  schema?: string | undefined;
  prefix?: string | undefined;
  database?: string | undefined;
  /** The folder of the project that has the store's package. */
  folder: string;
}

interface StoreKind {
  package: string;
  class: string;
  /** The flags that say where its data is, beside `--url`. */
  takes: readonly ("schema" | "prefix" | "database")[];
  options: (given: StoreArguments) => Record<string, unknown>;
}

// Nothing is created or changed by looking: neither tables nor indexes.
const KINDS: Readonly<Record<string, StoreKind>> = {
  postgres: {
    package: "@waymark/store-postgres",
    class: "PostgresCheckpointStore",
    takes: ["schema", "prefix"],
    options: ({ url, schema, prefix }) => ({ url, schema, tablePrefix: prefix, migrate: false }),
  },
  pglite: {
    package: "@waymark/store-postgres",
    class: "PostgresCheckpointStore",
    takes: ["schema", "prefix"],
    options: ({ url, schema, prefix }) => ({ dataDir: url, schema, tablePrefix: prefix, migrate: false }),
  },
  mongo: {
    package: "@waymark/store-mongo",
    class: "MongoCheckpointStore",
    takes: ["database", "prefix"],
    options: ({ url, database, prefix }) => ({ url, database, collectionPrefix: prefix, createIndexes: false }),
  },
  redis: {
    package: "@waymark/store-redis",
    class: "RedisCheckpointStore",
    takes: ["prefix"],
    options: ({ url, prefix }) => ({ url, keyPrefix: prefix }),
  },
};

/** The names that `--store` takes. */
export const STORES = Object.keys(KINDS);

/**
 * Opens a store with the package that the user's project has.
 *
 * @throws {UsageError} if there is no such store, or the project does not have its package
 * @throws {WorkflowError} as the store's `connect`
 */
export async function openStore(given: StoreArguments): Promise<CheckpointStore> {
  const kind = Object.hasOwn(KINDS, given.name) ? KINDS[given.name] : undefined;
  if (kind === undefined) throw new UsageError(`--store: ${given.name} is none of ${STORES.join(", ")}.`);
  if (given.name === "pglite" && !existsSync(given.url))
    throw new UsageError(`--url: there is no folder ${given.url}.`);
  refuseOthers(given, kind);
  const options = Object.entries(kind.options(given)).filter(([, value]) => value !== undefined);
  const module = (await importFrom(given.folder, kind.package)) as Record<
    string,
    { connect(options: object): Promise<CheckpointStore> }
  >;
  const store = module[kind.class];
  if (store === undefined) throw new UsageError(`${kind.package} has no ${kind.class}: its version is another one.`);
  return store.connect(Object.fromEntries(options));
}

/** Refuses a flag of another store: without it, the page would show what lies in another place. */
function refuseOthers(given: StoreArguments, { takes }: StoreKind): void {
  const other = (["schema", "prefix", "database"] as const).find(
    (flag) => given[flag] !== undefined && !takes.includes(flag),
  );
  if (other !== undefined) throw new UsageError(`--store ${given.name} has no --${other}.`);
}

async function importFrom(folder: string, name: string): Promise<unknown> {
  let path: string;
  try {
    path = createRequire(join(folder, "package.json")).resolve(name);
  } catch {
    throw new UsageError(
      `${name} is not installed in ${folder}. Run it where your application is, or: npm install ${name}`,
    );
  }
  return import(pathToFileURL(path).href);
}
