import { DefinedStore, type StoreCapabilities } from "@waymark/core/store";
import { checkMadeHere, DEFAULT_TIMEOUT_MS, setUpOrClose } from "@waymark/store-connection";
import { checkClient, openClient } from "./open-client.ts";
import {
  checkConnectOptions,
  checkStoreOptions,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type RedisConnectOptions,
  type RedisStoreOptions,
} from "./options.ts";
import type { RedisClient } from "./redis-client.ts";
import { RedisDriver } from "./redis-driver.ts";

/**
 * Keeps executions in Redis or Valkey: one server, Sentinel or a cluster.
 *
 * - A commit is one script and one round trip, or three if it changes the status or sets the first `wakeAt`.
 * - Leases go by the server's clock.
 * - It is as durable as the server: the README describes the effect of `appendfsync`.
 *
 * @example
 * ```ts
 * const store = await RedisCheckpointStore.connect({ url: process.env.REDIS_URL });
 * const engine = createWorkflowEngine({ store, workflows, executors });
 * ```
 */
export class RedisCheckpointStore extends DefinedStore {
  /** On a server with `appendonly yes` and `appendfsync always`; otherwise `durable` is false. */
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: true,
    multiProcess: true,
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  });

  readonly #driver: RedisDriver;
  #capabilities: StoreCapabilities;

  private constructor(client: RedisClient, owned: boolean, options: RedisStoreOptions) {
    checkMadeHere(typeof owned === "boolean", "RedisCheckpointStore");
    const { durable = false, maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options;
    const driver = new RedisDriver({ client, owned, options });
    const capabilities = Object.freeze({ durable, multiProcess: true, maxPayloadBytes });
    super(capabilities, driver);
    this.#driver = driver;
    this.#capabilities = capabilities;
  }

  /**
   * Opens a server or a cluster by its address. `close` ends the connections.
   *
   * - Reads the server's durability, and warns of settings that may drop executions.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE, STATE_VERSION_UNSUPPORTED
   */
  static async connect(options: RedisConnectOptions): Promise<RedisCheckpointStore> {
    checkConnectOptions(options);
    const client = await openClient(options, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    return setUpOrClose(new RedisCheckpointStore(client, true, options));
  }

  /**
   * Uses a `Redis` or `Cluster` that the application has opened. `close` leaves it open.
   *
   * - `capabilities.durable` is the option's value until {@link setup} has asked the server.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  static from(client: RedisClient, options: RedisStoreOptions = {}): RedisCheckpointStore {
    checkClient(client);
    checkStoreOptions(options, "RedisCheckpointStore.from");
    return new RedisCheckpointStore(client, false, options);
  }

  override get capabilities(): StoreCapabilities {
    return this.#capabilities;
  }

  /**
   * Reads the server's durability, and warns of settings that may drop executions. `connect` calls it.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE, STORE_CLOSED, STATE_VERSION_UNSUPPORTED
   */
  override async setup(): Promise<void> {
    await super.setup();
    const durable = await this.#driver.readSettings();
    this.#capabilities = Object.freeze({ ...this.#capabilities, durable });
  }
}
