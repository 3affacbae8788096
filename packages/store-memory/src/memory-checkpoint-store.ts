import type { Clock } from "@waymark/core";
import { WorkflowError } from "@waymark/core";
import { checkNames, DefinedStore, MAX_TIME_MS, type StoreCapabilities } from "@waymark/core/store";
import { MemoryDriver } from "./memory-driver.ts";

/**
 * Options of {@link MemoryCheckpointStore}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-memory/README.md
 */
export interface MemoryCheckpointStoreOptions {
  /**
   * The store's clock. Leases, `createdAt` and all other times follow it. Default: the system clock.
   *
   * - The default does not follow fake timers. Pass `{ now: () => Date.now() }` to follow them.
   * - Fractions of a millisecond are cut off. A reading that is not a time (`NaN`, a negative number) is replaced by
   *   the last valid one.
   */
  clock?: Pick<Clock, "now">;
  /** The largest payload, in bytes of UTF-8. Default: 64 MiB. */
  maxPayloadBytes?: number;
}

const OPTION_NAMES: ReadonlySet<string> = new Set(
  Object.keys({ clock: true, maxPayloadBytes: true } satisfies Record<keyof MemoryCheckpointStoreOptions, true>),
);

// Read when the module is loaded, so that a later change of `Date` by a test or a caller does not affect leases.
const SYSTEM_CLOCK: Pick<Clock, "now"> = { now: Date.now };

/**
 * Keeps executions in the memory of this process, with the semantics of a database.
 *
 * - The data is lost when the process ends. Use it for tests and for workflows that may be lost.
 * - Every call does its work before it returns its promise, so calls never interleave.
 *
 * @example
 * ```ts
 * const engine = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows, executors });
 * ```
 */
export class MemoryCheckpointStore extends DefinedStore {
  static readonly capabilities: StoreCapabilities = Object.freeze({
    durable: false,
    multiProcess: false,
    maxPayloadBytes: 64 * 1024 * 1024,
  });

  readonly #options: MemoryCheckpointStoreOptions;
  readonly #driver: MemoryDriver;

  /** @throws {WorkflowError} INVALID_ARGUMENT if an option is unknown or wrong */
  constructor(options: MemoryCheckpointStoreOptions = {}) {
    checkOptions(options);
    const { clock = SYSTEM_CLOCK, maxPayloadBytes = MemoryCheckpointStore.capabilities.maxPayloadBytes } = options;
    const driver = new MemoryDriver(timeOf(clock));
    super({ ...MemoryCheckpointStore.capabilities, maxPayloadBytes }, driver);
    this.#options = { clock, maxPayloadBytes };
    this.#driver = driver;
  }

  /**
   * Opens a second handle on the same data, as another process would have on a database.
   *
   * - Use it to test crashes and competing owners. Closing one handle does not close the other.
   */
  reopen(): MemoryCheckpointStore {
    const handle = new MemoryCheckpointStore(this.#options);
    handle.#driver.share(this.#driver);
    return handle;
  }
}

/** Returns a clock of whole milliseconds. It replaces a reading that is not a time by the last valid one. */
function timeOf(clock: Pick<Clock, "now">): () => number {
  let last = 0;
  return () => {
    const reading: unknown = clock.now();
    const ms = typeof reading === "number" ? Math.floor(reading) : Number.NaN;
    if (ms >= 0 && ms <= MAX_TIME_MS) last = ms;
    return last;
  };
}

function checkOptions(options: unknown): void {
  const refuse = (problem: string) => new WorkflowError("INVALID_ARGUMENT", `MemoryCheckpointStore: ${problem}.`);
  if (typeof options !== "object" || options === null) throw refuse("options must be an object");
  checkNames(options, OPTION_NAMES, "the options of MemoryCheckpointStore");
  const { clock, maxPayloadBytes } = options as { clock?: { now?: unknown } | null; maxPayloadBytes?: unknown };
  if (clock !== undefined && typeof clock?.now !== "function") throw refuse("clock must have a function now()");
  if (maxPayloadBytes === undefined) return;
  if (!Number.isSafeInteger(maxPayloadBytes) || (maxPayloadBytes as number) < 1) {
    throw refuse("maxPayloadBytes must be a whole number of bytes, 1 or more");
  }
}
