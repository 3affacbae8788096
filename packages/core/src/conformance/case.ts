import type { CheckpointStore, StoreCapabilities } from "../store/checkpoint-store.ts";
import type { InvariantNumber } from "./invariants.ts";

/** What the conformance suite needs to know of a store, and how it opens one. */
export interface ConformanceHarness {
  /** Names the store in titles and reports. */
  name: string;
  /** What the store declares: the same as `store.capabilities`. Cases that need more are skipped, visibly. */
  capabilities: StoreCapabilities;
  /**
   * Opens an empty store. Called once or more per case; no two results may share data.
   *
   * - Cheap ways: a new schema, key prefix or database per call.
   */
  open(): Promise<OpenedStore>;
  /** Milliseconds that one case may take before it fails as hanging. Default: 30,000. */
  timeoutMs?: number;
  /** True if what `open` returns has `ageDefinitions`. Default: false, and the cases that need it are skipped, visibly. */
  agesDefinitions?: boolean;
  /** The seed of the random cases. Default: a new one per run; a failure prints it. */
  seed?: number;
}

/** One isolated store, as a case uses it. */
export interface OpenedStore {
  store: CheckpointStore;
  /** Opens a further handle on the same data, as another process would: its own instance, its own connection. The suite closes it. */
  reopen(): Promise<CheckpointStore>;
  /**
   * Makes all definitions look as if each was last saved this many milliseconds earlier than it was.
   *
   * - Change the stored times directly, or move the store's clock on. See {@link ConformanceHarness.agesDefinitions}.
   */
  ageDefinitions?(ms: number): Promise<void>;
  /** Closes the store and removes the data. Called once, also after a failed case; the further handles are closed by then. */
  close(): Promise<void>;
}

/** What a case can need beyond the interface itself. */
export type Requirement = "durable" | "payload-limit" | "aged-definitions";

/** What a case is given. */
export interface CaseContext {
  readonly store: CheckpointStore;
  readonly capabilities: StoreCapabilities;
  /** Seeds whatever is random in the case. Once read, it is printed with a failure. */
  readonly seed: number;
  /** Makes definitions look older. It is for cases that require "aged-definitions". */
  ageDefinitions(ms: number): Promise<void>;
  /** Opens a further handle on the case's data. The suite closes it. */
  reopen(): Promise<CheckpointStore>;
  /** Opens another, empty store. The suite closes it. */
  open(): Promise<OpenedStore>;
}

/** One promise of the contract, as something that can be run against a store. */
export interface ConformanceCase {
  /** `concern/what`: stable, so that a report can be compared with an older one. */
  id: string;
  /** What the store promises, as a sentence without a subject. */
  title: string;
  /** The invariant that is broken where this case fails. */
  invariant: InvariantNumber;
  requires?: readonly Requirement[];
  run(context: CaseContext): Promise<void>;
}

/** The largest declared payload limit that is tried out in full: beyond it, trying would take too much memory. */
const LARGEST_TRIED_LIMIT = 64 * 1024 * 1024;

/** Returns why a case does not apply to a store, or `undefined` if it does. */
export function skipReason(
  one: ConformanceCase,
  { capabilities, agesDefinitions }: Pick<ConformanceHarness, "capabilities" | "agesDefinitions">,
): string | undefined {
  for (const requirement of one.requires ?? []) {
    if (requirement === "durable" && !capabilities.durable) return "the store declares durable: false";
    if (requirement === "aged-definitions" && agesDefinitions !== true) {
      return "the harness does not declare agesDefinitions: true, that is a way to make definitions look older";
    }
    if (requirement === "payload-limit" && capabilities.maxPayloadBytes > LARGEST_TRIED_LIMIT) {
      return `the store declares maxPayloadBytes: ${capabilities.maxPayloadBytes}, more than the ${LARGEST_TRIED_LIMIT} that the suite tries; open it with a lower limit`;
    }
  }
  return undefined;
}
