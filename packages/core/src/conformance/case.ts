import type { CheckpointStore, StoreCapabilities } from "../store/checkpoint-store.ts";
import type { InvariantNumber } from "./invariants.ts";

/**
 * Describes a store to the conformance suite, and opens instances of it.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/conformance.md#the-harness
 */
export interface ConformanceHarness {
  /** The name of the store in titles and reports. */
  name: string;
  /** The same as `store.capabilities`. Cases that need a missing capability are reported as skipped. */
  capabilities: StoreCapabilities;
  /**
   * Opens an empty store. Called at least once per case. No two results may share data.
   *
   * - Use a new schema, key prefix or database for each call.
   */
  open(): Promise<OpenedStore>;
  /** The longest time that one case may take, in milliseconds. After it, the case fails. Default: 30,000. */
  timeoutMs?: number;
  /** True if the result of `open` has `ageDefinitions`. Default: false; cases that need it are reported as skipped. */
  agesDefinitions?: boolean;
  /** The seed of the random cases. Default: a new seed for each run. A failure prints the seed. */
  seed?: number;
}

/** One isolated store, which one case uses. */
export interface OpenedStore {
  store: CheckpointStore;
  /**
   * Opens a further handle on the same data, as another process would, with an instance and a connection of its own.
   * The suite closes it.
   */
  reopen(): Promise<CheckpointStore>;
  /**
   * Moves the time at which each definition was last saved back by `ms` milliseconds.
   *
   * - Change the stored times directly, or advance the store's clock. See {@link ConformanceHarness.agesDefinitions}.
   */
  ageDefinitions?(ms: number): Promise<void>;
  /**
   * Closes the store and removes the data. Called once, after all further handles were closed, even if the case failed.
   */
  close(): Promise<void>;
}

/** A condition that a store or harness must fulfil for a case to run. */
export type Requirement = "durable" | "payload-limit" | "aged-definitions";

/** The argument of a case. */
export interface CaseContext {
  readonly store: CheckpointStore;
  readonly capabilities: StoreCapabilities;
  /** The seed of everything random in the case. If the case reads it, a failure prints it. */
  readonly seed: number;
  /** Makes definitions look `ms` milliseconds older. Only for cases that require "aged-definitions". */
  ageDefinitions(ms: number): Promise<void>;
  /** Opens a further handle on the case's data. The suite closes it. */
  reopen(): Promise<CheckpointStore>;
  /** Opens another, empty store. The suite closes it. */
  open(): Promise<OpenedStore>;
}

/** A test of one promise of the contract. */
export interface ConformanceCase {
  /** A stable id of the form `concern/promise`, so that reports of different versions can be compared. */
  id: string;
  /** The promise as a sentence whose subject, the store, is left out. */
  title: string;
  /** The invariant that is broken if this case fails. */
  invariant: InvariantNumber;
  requires?: readonly Requirement[];
  run(context: CaseContext): Promise<void>;
}

/** The largest payload limit, in bytes, that the suite tries. A larger one would take too much memory. */
const LARGEST_TRIED_LIMIT = 64 * 1024 * 1024;

/** Returns why a case does not apply to a store, or `undefined` if it does. */
export function skipReason(
  one: ConformanceCase,
  { capabilities, agesDefinitions }: Pick<ConformanceHarness, "capabilities" | "agesDefinitions">,
): string | undefined {
  for (const requirement of one.requires ?? []) {
    if (requirement === "durable" && !capabilities.durable) return "the store declares durable: false";
    if (requirement === "aged-definitions" && agesDefinitions !== true) {
      return "the harness does not declare agesDefinitions: true, so the suite cannot make definitions look older";
    }
    if (requirement === "payload-limit" && capabilities.maxPayloadBytes > LARGEST_TRIED_LIMIT) {
      return `the store declares maxPayloadBytes: ${capabilities.maxPayloadBytes}, and the suite tries at most ${LARGEST_TRIED_LIMIT}; open the store with a lower limit`;
    }
  }
  return undefined;
}
