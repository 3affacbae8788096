import type { LedgerEntry } from "../server/ledger.ts";
import type { NodeRun } from "./recorder.ts";

/** One run of an execution: what ran in it, and what the services were asked to change meanwhile. */
export interface RecordedRun {
  nodeRuns: readonly NodeRun[];
  requests: readonly LedgerEntry[];
}

/** How often something was done again. */
export interface RepeatCount {
  /** Node runs. */
  nodes: number;
  /** Requests that asked for something which was done already. */
  requests: number;
  /** Those of them that the service did again, because it did not know their idempotency key. */
  effects: number;
}

/** What later runs did again of what earlier ones had done. */
export interface Repeats {
  /** Of nodes that had completed. */
  completed: RepeatCount;
  /** Of nodes that were interrupted: they have to run again. */
  interrupted: RepeatCount;
}

/**
 * Counts what the second and later runs of a workflow repeat.
 *
 * - A request counts as repeated if an earlier run got the same thing done; asked for three times in one run, it was
 *   wanted three times.
 */
export function countRepeats(runs: readonly RecordedRun[]): Repeats {
  const completed = zero();
  const interrupted = zero();
  const doneNodes = new Set<string>();
  const startedNodes = new Set<string>();
  const doneRequests = new Map<string, number>();
  for (const run of runs) {
    for (const { nodeId } of run.nodeRuns) {
      if (doneNodes.has(nodeId)) completed.nodes += 1;
      else if (startedNodes.has(nodeId)) interrupted.nodes += 1;
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
    for (const { nodeId, outcome } of run.nodeRuns) {
      startedNodes.add(nodeId);
      if (outcome === "completed") doneNodes.add(nodeId);
    }
    for (const [signature, count] of countApplied(run.requests)) {
      doneRequests.set(signature, Math.max(doneRequests.get(signature) ?? 0, count));
    }
  }
  return { completed, interrupted };
}

/** A request that does not say whose it is belongs to the node that ran when it came. */
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
