import { isWorkflowError, NonRetryableError } from "../errors.ts";
import { kindOf } from "../given.ts";
import type { WorkflowStatus } from "../store/checkpoint-store.ts";
import { quoted } from "../text.ts";
import { ThrownByNode } from "./call-executor.ts";
import type { ChildCall } from "./child-call.ts";
import { byUser, type ChildNode, suspendedFor } from "./child-node.ts";
import { ChildUnfinished, earlierLook } from "./child-outcome.ts";
import type { MapSpec } from "./child-spec.ts";
import type { ChildEnd } from "./drive-child.ts";
import type { MappedResult } from "./map-workflow.ts";
import type { NodeOutcome } from "./node-outcome.ts";

/** Heads of children that were started before, by their ids. */
export type KnownChildren = ReadonlyMap<string, WorkflowStatus>;

/**
 * Runs the children of a node, one for each item of a list.
 *
 * - Nothing but the results is kept of a child that has completed.
 * - `known` reads the statuses of the children that were started before. What has completed is read only once nothing
 *   else is left, so that a node which is woken often does not read all results each time.
 *
 * @throws {ChildUnfinished}; {WorkflowError} CHILD_FAILED
 */
export async function runMapNode(
  node: ChildNode,
  spec: MapSpec,
  { args, run }: ChildCall,
  known: () => Promise<KnownChildren>,
): Promise<NodeOutcome> {
  const items = itemsOf(spec, args);
  const statuses = node.mayHaveBegun ? await known() : NONE;
  const map = new MapRun(node, spec, items, statuses);
  await map.drive((status) => status !== "completed");
  if (map.isDone) await map.drive((status) => status === "completed");
  const { failed, unfinished, suspended } = map;
  if (failed !== undefined) throw node.failed(node.idOf(failed.index), failed.end.status, failed.end.failure);
  if (unfinished !== undefined) throw new ChildUnfinished(unfinished.wakeAt);
  if (suspended !== undefined) return suspendedFor(suspended.waiting, map.wakeAt);
  return { kind: "next", changes: { [spec.into ?? run.nodeId]: map.results } };
}

const NONE: KnownChildren = new Map();

type Failed = Extract<ChildEnd, { failure: unknown }>;
type Suspended = Extract<ChildEnd, { status: "suspended" }>;

class MapRun {
  readonly results: unknown[];
  /** The failure of the first item that has failed, if that fails the node. */
  failed: { index: number; end: Failed } | undefined;
  /** The first item that waits for an answer. */
  suspended: Suspended | undefined;
  /** Present if a child was stopped, or another process runs it: when to look again. */
  unfinished: { wakeAt: number | undefined } | undefined;
  /** When the first wait is over. */
  wakeAt: number | undefined;
  readonly #node: ChildNode;
  readonly #spec: MapSpec;
  readonly #items: readonly unknown[];
  readonly #known: KnownChildren;
  #firstSuspended = Number.POSITIVE_INFINITY;
  #error: { error: unknown } | undefined;

  constructor(node: ChildNode, spec: MapSpec, items: readonly unknown[], known: KnownChildren) {
    this.#node = node;
    this.#spec = spec;
    this.#items = items;
    this.#known = known;
    this.results = new Array(items.length);
  }

  /** True if every item that was looked at has ended, and the node has not failed. */
  get isDone(): boolean {
    return this.failed === undefined && this.suspended === undefined && this.unfinished === undefined;
  }

  /** Drives the children whose status fits, up to `itemConcurrency` at the same time. */
  async drive(fits: (status: WorkflowStatus | undefined) => boolean): Promise<void> {
    const indexes = this.#items.keys();
    const turns = this.#node.turns();
    const worker = async () => {
      for (const index of indexes) {
        if (turns.isLong) await turns.yield();
        if (this.#mayNotStart) return;
        const id = this.#node.idOf(index);
        if (!fits(this.#known.get(id))) continue;
        await this.#driveOne(index, id);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#spec.itemConcurrency, this.#items.length) }, worker));
    if (this.#error !== undefined) throw this.#error.error;
  }

  get #mayNotStart(): boolean {
    return this.failed !== undefined || this.unfinished !== undefined || this.#error !== undefined;
  }

  async #driveOne(index: number, id: string): Promise<void> {
    const { as } = this.#spec;
    const item = this.#items[index];
    try {
      const end = await this.#node.drive({
        id,
        mayExist: this.#known.has(id),
        initialData: () => ({ [as]: item }),
      });
      this.#note({ index, id, item }, end);
    } catch (error) {
      if (this.#spec.collects && isWorkflowError(error, "INPUT_INVALID")) this.#collect(index, id, error);
      else this.#error ??= { error };
    }
  }

  #note({ index, id, item }: { index: number; id: string; item: unknown }, end: ChildEnd): void {
    switch (end.status) {
      case "completed": {
        const { output: resultOf } = this.#spec;
        const output = byUser(() =>
          resultOf === undefined ? end.output : resultOf(end.output as never, { item, index }),
        );
        this.results[index] = this.#spec.collects
          ? ({ success: true, output } satisfies MappedResult<unknown>)
          : output;
        return;
      }
      case "failed":
      case "cancelled": {
        if (this.#spec.collects) this.#collect(index, id, end.failure);
        else if (this.failed === undefined || index < this.failed.index) this.failed = { index, end };
        return;
      }
      case "suspended":
        if (end.wakeAt !== undefined) this.wakeAt = Math.min(this.wakeAt ?? end.wakeAt, end.wakeAt);
        if (index < this.#firstSuspended) {
          this.#firstSuspended = index;
          this.suspended = end;
        }
        return;
      case "pending":
        this.unfinished = {
          wakeAt: this.unfinished === undefined ? end.wakeAt : earlierLook(this.unfinished.wakeAt, end.wakeAt),
        };
    }
  }

  #collect(index: number, executionId: string, { code, message }: { code: string; message: string }): void {
    this.results[index] = { success: false, error: { code, message }, executionId } satisfies MappedResult;
  }
}

function itemsOf({ items: key }: MapSpec, { context, node }: ChildCall["args"]): readonly unknown[] {
  const list = Object.hasOwn(context, key) ? context[key] : undefined;
  if (Array.isArray(list)) return list;
  const found = list === undefined ? "nothing" : kindOf(list);
  const message = `Node ${quoted(node.id)}: context key ${quoted(key)} holds ${found}, not a list.`;
  throw new ThrownByNode(new NonRetryableError(message));
}
