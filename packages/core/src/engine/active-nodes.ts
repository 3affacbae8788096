import type { NodeRun } from "../state/node-run.ts";
import type { NodeOutcome } from "./node-outcome.ts";
import type { PreparedStep } from "./prepared-workflow.ts";

type Context = Record<string, unknown>;

/** A node that has a place: it runs, or waits for its next attempt. */
export interface ActiveNode {
  isPassedOver?: true;
  readonly index: number;
  readonly step: PreparedStep;
  readonly run: NodeRun;
  attempt: number;
  /** The context that the attempt was given. */
  given: Context;
  /** The number of the record that this context is of. */
  givenSeq: number;
  /** By `clock.elapsed()`. */
  startedMs: number;
  durationMs: number;
  /** When the next attempt is due, in milliseconds since the epoch by the store's clock. Absent while it runs. */
  retryAtMs?: number | undefined;
}

/** The end of an attempt. */
export interface Arrival {
  readonly node: ActiveNode;
  readonly outcome?: NodeOutcome;
  /** Present if the attempt has failed. */
  readonly failed?: { readonly error: unknown };
}

/** The nodes of a run that have a place, and the ends of their attempts that the run has not taken up. */
export class ActiveNodes {
  readonly #byIndex = new Map<number, ActiveNode>();
  #arrived: Arrival[] = [];

  get size(): number {
    return this.#byIndex.size;
  }

  get hasArrivals(): boolean {
    return this.#arrived.length > 0;
  }

  /** True if a node runs, or its end was not taken up. */
  get anyRuns(): boolean {
    return [...this.#byIndex.values()].some(({ retryAtMs }) => retryAtMs === undefined);
  }

  /** The nodes that wait for their next attempt, the one that is due first in front. */
  get resting(): readonly (ActiveNode & { retryAtMs: number })[] {
    const resting = [...this.#byIndex.values()].filter((node) => node.retryAtMs !== undefined);
    return (resting as (ActiveNode & { retryAtMs: number })[]).sort((a, b) => a.retryAtMs - b.retryAtMs);
  }

  get indexes(): readonly number[] {
    return [...this.#byIndex.keys()];
  }

  get ids(): readonly string[] {
    return Array.from(this.#byIndex.values(), ({ run }) => run.nodeId);
  }

  add(node: ActiveNode): void {
    this.#byIndex.set(node.index, node);
  }

  remove({ index }: ActiveNode): void {
    this.#byIndex.delete(index);
  }

  arrive(arrival: Arrival): void {
    this.#arrived.push(arrival);
  }

  /** Takes the ends that have come, those of the nodes that are defined first in front. */
  takeArrivals(): Arrival[] {
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived.sort((a, b) => a.node.index - b.node.index);
  }

  /** The oldest record whose context a running node was given. */
  oldestGivenSeq(): number {
    const given = [...this.#byIndex.values()].filter(({ retryAtMs }) => retryAtMs === undefined);
    return Math.min(...given.map(({ givenSeq }) => givenSeq));
  }
}

/** The changes that were committed while nodes were in flight, to name the other node of a conflict. */
export class CommittedChanges {
  #changes: { seq: number; run: NodeRun; before: Context; after: Context }[] = [];

  add(change: { seq: number; run: NodeRun; before: Context; after: Context }): void {
    this.#changes.push(change);
  }

  /** Forgets the changes that every node in flight was given. */
  forgetUpTo(seq: number): void {
    if (this.#changes.length > 0) this.#changes = this.#changes.filter((change) => change.seq > seq);
  }

  /** Returns the run that was the last to change a value, of those committed after a record. */
  lastOf(path: readonly (string | number)[], afterSeq: number): NodeRun | undefined {
    const found = this.#changes.findLast(
      ({ seq, before, after }) => seq > afterSeq && !Object.is(valueAt(before, path), valueAt(after, path)),
    );
    return found?.run;
  }
}

function valueAt(context: Context, path: readonly (string | number)[]): unknown {
  let value: unknown = context;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}
