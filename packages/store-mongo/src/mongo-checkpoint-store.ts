import { DefinedStore, type StoreCapabilities } from "@waymark/core/store";
import { checkMadeHere, setUpOrClose } from "@waymark/store-connection";
import type { MongoClient } from "mongodb";
import { MongoDriver } from "./mongo-driver.ts";
import {
  type CheckedOptions,
  checkClient,
  checkConnectOptions,
  checkStoreOptions,
  databaseOf,
  type MongoClientLike,
  type MongoConnectOptions,
  type MongoStoreOptions,
  newClient,
} from "./options.ts";
import { MAX_PAYLOAD_BYTES } from "./size.ts";

/**
 * Keeps executions in MongoDB 5.0 or newer: a standalone server, a replica set or a sharded cluster.
 *
 * - A commit is one command, and one round trip. It resolves once a majority has it in its journal.
 * - Leases go by the server's clock.
 * - Any number of processes may share the collections, which the first of them makes.
 *
 * @example
 * ```ts
 * const store = await MongoCheckpointStore.connect({ url: process.env.MONGODB_URL });
 * const engine = createWorkflowEngine({ store, workflows, executors });
 * ```
 */
export class MongoCheckpointStore extends DefinedStore {
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: true,
    multiProcess: true,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  });

  private constructor(client: MongoClient, options: CheckedOptions & { isOwned: boolean }) {
    checkMadeHere(options?.isOwned !== undefined, "MongoCheckpointStore");
    super(MongoCheckpointStore.capabilities, new MongoDriver(client, options));
  }

  /**
   * Opens a server by its address. `close` ends the connections.
   *
   * - Missing indexes are made before it resolves, unless `createIndexes` is false.
   * - The database is the one that the URL names, else "waymark".
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  static async connect(options: MongoConnectOptions): Promise<MongoCheckpointStore> {
    const checked = checkConnectOptions(options);
    const client = newClient(options, checked.timeoutMs);
    const database = checked.database ?? databaseOf(client);
    return setUpOrClose(new MongoCheckpointStore(client, { ...checked, database, isOwned: true }));
  }

  /**
   * Uses a `MongoClient` that the application has, or that of its Mongoose connection. `close` leaves it open.
   *
   * - Missing indexes are made by the first call, unless `createIndexes` is false (see `setup`).
   * - The store sets its own write and read concern, whatever the client's are.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  static from(client: MongoClientLike, options: MongoStoreOptions = {}): MongoCheckpointStore {
    checkClient(client);
    const checked = checkStoreOptions(options, "MongoCheckpointStore.from");
    const database = checked.database ?? databaseOf(client);
    return new MongoCheckpointStore(client, { ...checked, database, isOwned: false });
  }
}
