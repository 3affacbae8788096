import type { LedgerEntry } from "../server/ledger.ts";
import { type NodeRun, runKey } from "./node-recorder.ts";

/** One run of an execution: its node runs, and the requests for changes that the services received meanwhile. */
export interface RecordedRun {
  nodeRuns: readonly NodeRun[];
  requests: readonly LedgerEntry[];
}

/** The number of repetitions. */
export interface RepeatCount {
  /** Node runs. */
  nodes: number;
  /** Requests for something that was already done. */
  requests: number;
  /** Those requests that the service carried out again, because it did not know their idempotency key. */
  effects: number;
}

/** The repetitions by later runs of what earlier runs had done. */
export interface Repeats {
  /** Of nodes that had completed. */
  completed: RepeatCount;
  /** Of nodes that were interrupted. These must run again. */
  interrupted: RepeatCount;
}

/**
 * Counts what the second and later runs of a workflow repeat.
 *
 * - A request counts as repeated if an earlier run had the same request carried out.
 * - Three equal requests within one run are three requests, not repetitions.
 */
export function countRepeats(runs: readonly RecordedRun[]): Repeats {
  const completed = zero();
  const interrupted = zero();
  /** By name and visit. */
  const doneRuns = new Set<string>();
  const startedRuns = new Set<string>();
  /** By name, for requests: they do not tell the visit. */
  const doneNodes = new Set<string>();
  const startedNodes = new Set<string>();
  const doneRequests = new Map<string, number>();
  for (const run of runs) {
    for (const name of run.nodeRuns.map(runKey)) {
      if (doneRuns.has(name)) completed.nodes += 1;
      else if (startedRuns.has(name)) interrupted.nodes += 1;
    }
    const left = new Map(doneRequests);
    for (const { nodeId, signature, outcome } of attribute(run)) {
      const earlier = left.get(signature) ?? 0;
      if (outcome === "refused" || earlier === 0) continue;
      left.set(signature, earlier - 1);
      const isInterrupted = nodeId !== undefined && startedNodes.has(nodeId) && !doneNodes.has(nodeId);
      const count = isInterrupted ? interrupted : completed;
      count.requests += 1;
      if (outcome === "applied") count.effects += 1;
    }
    for (const nodeRun of run.nodeRuns) {
      startedNodes.add(nodeRun.nodeId);
      startedRuns.add(runKey(nodeRun));
      if (nodeRun.outcome !== "completed") continue;
      doneNodes.add(nodeRun.nodeId);
      doneRuns.add(runKey(nodeRun));
    }
    for (const [signature, count] of countApplied(run.requests)) {
      doneRequests.set(signature, Math.max(doneRequests.get(signature) ?? 0, count));
    }
  }
  return { completed, interrupted };
}

/** Assigns each request without a sender to the node that ran when it arrived. */
function attribute({ nodeRuns, requests }: RecordedRun): LedgerEntry[] {
  return requests.map((entry, index) => {
    if (entry.nodeId !== undefined) return entry;
    const sender = nodeRuns.find(({ requests: { from, to } }) => from <= index && index < to);
    return { ...entry, nodeId: sender?.nodeId };
  });
}

function countApplied(requests: readonly LedgerEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { signature, outcome } of requests) {
    if (outcome === "applied") counts.set(signature, (counts.get(signature) ?? 0) + 1);
  }
  return counts;
}

function zero(): RepeatCount {
  return { nodes: 0, requests: 0, effects: 0 };
}
