import type { NodeTimes, RolloutReason, RunOutcome } from "./outcomes.ts";

/** Percentiles by the nearest rank. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** The runs of one executor. */
export interface RunSummary {
  runs: number;
  successes: number;
  /** The runs that ended without success and without a failure: V2 waits, was stopped or cancelled. */
  unfinished: number;
  /** The runs that failed, by the code of the failure. */
  failures: Record<string, number>;
  /** The runs by the reason for their executor. */
  reasons: Partial<Record<RolloutReason, number>>;
  /** Milliseconds of a run. Absent if there is none. */
  durationMs?: Percentiles;
  /** In the order in which they were first seen. The time is that of one call of the executor, in milliseconds. */
  nodes: { nodeId: string; nodeType: string; runs: number; durationMs: Percentiles }[];
  /** V2: the average record that the store kept, and the milliseconds that it took. */
  checkpoints?: { count: number; bytesEach: number; msEach: number };
  /** V2: the resumes that did not run nodes again, how many, and the time that these had taken. */
  saved: { resumes: number; nodes: number; durationMs: number };
}

/** Adds up runs. */
export class RunTotals {
  readonly #durationsMs: number[] = [];
  readonly #nodes = new Map<string, { times: NodeTimes; eachMs: number[] }>();
  readonly #failures = new Map<string, number>();
  readonly #reasons = new Map<RolloutReason, number>();
  readonly #checkpoints = { count: 0, bytes: 0, durationMs: 0 };
  readonly #saved = { resumes: 0, nodes: 0, durationMs: 0 };
  #successes = 0;
  #unfinished = 0;

  add({ success, status, failure, durationMs, reason, nodes = [], checkpoints, saved }: RunOutcome): void {
    this.#durationsMs.push(durationMs);
    count(this.#reasons, reason);
    if (success) this.#successes += 1;
    else if (status === "suspended" || status === "pending" || status === "cancelled") this.#unfinished += 1;
    else count(this.#failures, failure?.code ?? "unknown");
    for (const node of nodes) this.#addNode(node);
    if (checkpoints !== undefined) {
      this.#checkpoints.count += checkpoints.count;
      this.#checkpoints.bytes += checkpoints.bytes;
      this.#checkpoints.durationMs += checkpoints.durationMs;
    }
    if (saved === undefined) return;
    this.#saved.resumes += 1;
    this.#saved.nodes += saved.nodes;
    this.#saved.durationMs += saved.durationMs;
  }

  get summary(): RunSummary {
    const { count: records, bytes, durationMs } = this.#checkpoints;
    const durations = percentilesOf(this.#durationsMs);
    return {
      runs: this.#durationsMs.length,
      successes: this.#successes,
      unfinished: this.#unfinished,
      failures: Object.fromEntries(this.#failures),
      reasons: Object.fromEntries(this.#reasons),
      ...(durations === undefined ? {} : { durationMs: durations }),
      nodes: [...this.#nodes.values()].map(({ times, eachMs }) => ({
        ...{ nodeId: times.nodeId, nodeType: times.nodeType, runs: times.runs },
        durationMs: percentilesOf(eachMs) as Percentiles,
      })),
      ...(records === 0
        ? {}
        : { checkpoints: { count: records, bytesEach: bytes / records, msEach: durationMs / records } }),
      saved: { ...this.#saved },
    };
  }

  #addNode(node: NodeTimes): void {
    const known = this.#nodes.get(node.nodeId) ?? { times: { ...node, runs: 0 }, eachMs: [] };
    this.#nodes.set(node.nodeId, known);
    known.times.runs += node.runs;
    known.eachMs.push(node.durationMs / Math.max(1, node.runs));
  }
}

/** Counts a key in a map. */
export function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function percentilesOf(values: readonly number[]): Percentiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] as number;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
