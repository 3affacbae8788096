import type { CheckpointStore } from "@waymark/core";
import { type OwnTestServer, startOwnMongo, startOwnPostgres, startOwnRedis } from "../test-servers/index.ts";
import type { StoreAddress } from "./plan.ts";

const STORES = {
  postgres: {
    className: "PostgresCheckpointStore",
    start: startOwnPostgres,
    /** The options that separate the data of one trial from that of another. */
    apart: (name: string): object => ({ schema: name, poolSize: 4 }),
  },
  redis: {
    className: "RedisCheckpointStore",
    start: startOwnRedis,
    apart: (name: string): object => ({ keyPrefix: `${name}:` }),
  },
  mongo: {
    className: "MongoCheckpointStore",
    start: startOwnMongo,
    apart: (name: string): object => ({ collectionPrefix: `${name}_` }),
  },
};

/** A store with a server of its own, for a script. */
export interface ServerStore {
  start(): Promise<OwnTestServer>;
  /** Where the data of a trial of this name is. */
  addressOf(server: OwnTestServer, name: string): StoreAddress;
  open(server: OwnTestServer, name: string): Promise<CheckpointStore>;
}

/** Returns the store of a name that a script was called with: `postgres`, `redis` or `mongo`. */
export async function serverStore(storeName: string): Promise<ServerStore> {
  if (!Object.hasOwn(STORES, storeName)) {
    throw new Error(`The first argument must be a store: ${Object.keys(STORES).join(", ")}.`);
  }
  const { className, start, apart } = STORES[storeName as keyof typeof STORES];
  const module = new URL(`../../packages/store-${storeName}/src/index.ts`, import.meta.url).href;
  const { [className]: Store } = await import(module);
  const optionsOf = ({ url }: OwnTestServer, name: string) => ({ url, ...apart(name) });
  return {
    start,
    addressOf: (server, name) => ({ module, className, options: optionsOf(server, name) }),
    open: (server, name) => Store.connect(optionsOf(server, name)),
  };
}
