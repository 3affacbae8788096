import type { StoreAddress } from "../plan.ts";
import type { ChaosControl } from "./chaos-control.ts";
import type { ChaosNote } from "./chaos-notes.ts";

/** What a worker is to do. */
export interface ChaosWorkerPlan {
  store: StoreAddress;
  effectsUrl: string;
  seed: number;
  leaseMs: number;
  maxRecoveries: number;
  intervalMs: number;
  /** It is of the version before: it does not know the nodes that are late. */
  isOld: boolean;
  /** The probability that a call of the store fails before, that it fails after, and that it is late. */
  faultRate: number;
}

/** A call that a worker is to make. */
export interface CallToWorker {
  call: number;
  member: keyof ChaosControl;
  args: unknown[];
}

/** What a worker is told. */
export type ToWorker = { calm: true } | { drain: true } | CallToWorker;

/** What a worker says. */
export type FromWorker =
  | { ready: true }
  | { notes: readonly ChaosNote[] }
  | { call: number; result?: unknown; code?: string };
