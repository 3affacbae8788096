import { randomUUID } from "../crypto.ts";
import { nodeType } from "../definition/node-type.ts";
import type { RetryPolicy } from "../definition/schema.ts";
import { ThrownByNode } from "../engine/call-executor.ts";
import { contextAfter } from "../engine/context-after.ts";
import { resolveRetry, retryDelay } from "../engine/decide-failure.ts";
import { idempotencyKey } from "../engine/idempotency-key.ts";
import type { NodeExecutor, NodeExecutorArgs, NodeResult, WorkflowContext } from "../engine/node-executor.ts";
import { end, route } from "../engine/node-executor.ts";
import { nodeFailure } from "../engine/node-failure.ts";
import { type NextOutcome, readResult } from "../engine/node-outcome.ts";
import { readSuspension } from "../engine/suspension.ts";
import { messageOf, NonRetryableError } from "../errors.ts";
import type { Codec } from "../state/codec.ts";
import { copyData } from "../state/copy-data.ts";
import { cleanText } from "../text.ts";
import type { ShadowDifference } from "./outcomes.ts";
import type { PathPattern } from "./path-pattern.ts";
import type { RecordedNode, Recording } from "./recording.ts";
import {
  areAlikeByNature,
  areOwnTimes,
  differences,
  differsByNature,
  pathOf,
  shown,
  textOf,
} from "./value-comparison.ts";

/** How recordings are compared. */
export interface ReplayOptions {
  ignored: readonly PathPattern[];
  isLive: (nodeType: string) => boolean;
  /** The codec of V2: what it keeps alike is alike. */
  codec: Codec;
  /** The retry policy of V2 for nodes without one of their own. */
  retry: RetryPolicy | undefined;
  /** The keys, in any case, whose values are not shown. */
  redact: readonly string[];
}

type Executor = NodeExecutor<WorkflowContext, unknown>;
type Args = NodeExecutorArgs<WorkflowContext, unknown>;

/** What an attempt of a live node came to. */
type Attempt =
  | { result: NodeResult; outcome: NextOutcome; next: WorkflowContext }
  | { waits: true }
  | { error: string; thrown: unknown };

/** The milliseconds between two runs of a live node, so that its times differ. */
const APART_MS = 2;

/**
 * Answers the nodes of one run of V2 from a recording of V1, and finds the first place where V2 differs.
 *
 * - Before each node, V2's context must be the one that V1 had at the same call.
 * - A live node runs its own executor, and its result is compared at once. What differs by nature is then replaced by V1's
 *   value, so that nothing that follows from it differs, too.
 */
export class Replay {
  /** The first difference. */
  difference: ShadowDifference | undefined;
  readonly varying = new Set<string>();
  liveNodes = 0;
  recordedNodes = 0;
  readonly #recording: Recording;
  readonly #options: ReplayOptions;
  /** The nodes that V2 passes over, each with the node of V1 after which that was certain. */
  readonly #skipped = new Map<string, RecordedNode>();
  #next = 0;

  constructor(recording: Recording, options: ReplayOptions) {
    this.#recording = recording;
    this.#options = options;
  }

  /** Runs in place of an executor of V2. */
  async run(executor: Executor, args: Args) {
    const recorded = this.#recording.nodes[this.#next];
    this.#compareBefore(recorded, args);
    this.#next += 1;
    if (!this.#options.isLive(nodeType(args.node))) {
      this.recordedNodes += 1;
      return answerOf(recorded as RecordedNode, args);
    }
    this.liveNodes += 1;
    return this.#runLive(recorded as RecordedNode, executor, args);
  }

  /** Takes note that V2 will not run a node, because of the edges that the node before has chosen. */
  skip(nodeId: string): void {
    const last = this.#recording.nodes[this.#next - 1];
    if (last !== undefined) this.#skipped.set(nodeId, last);
  }

  /** Compares the end of V2's run. */
  end(ended: { output: unknown } | { error: string }): void {
    if (this.difference !== undefined) return;
    const { nodes, result } = this.#recording;
    const last = nodes[this.#next - 1];
    const left = nodes[this.#next];
    if ("error" in ended) {
      if (result.success || left !== undefined) this.note("failure", last, { v1: undefined, v2: ended.error });
      return;
    }
    if (left !== undefined) this.#noteOther(left, undefined);
    else if (!result.success) this.note("failure", last, { v1: result.error ?? "It failed.", v2: undefined });
    else if (result.output !== undefined) {
      const [place] = differences(result.output, ended.output, this.#options);
      if (place !== undefined) this.note("context", last, shown(place, this.#options.redact));
    }
  }

  #compareBefore(recorded: RecordedNode | undefined, { node, context }: Args) {
    const before = this.#recording.nodes[this.#next - 1];
    const isSame = recorded !== undefined && (recorded.nodeId ?? node.id) === node.id;
    if (!isSame) {
      this.#noteOther(recorded, node.id);
      throw different();
    }
    if (recorded.nodeType !== nodeType(node)) {
      const at = recorded.nodeId === undefined ? { nodeId: node.id } : recorded;
      throw this.#found("definition", at, { path: "type", v1: recorded.nodeType, v2: nodeType(node) });
    }
    const [place] = differences(recorded.given, context, this.#options);
    if (place !== undefined) throw this.#found("context", before, shown(place, this.#options.redact));
    if (recorded.data === undefined) return;
    const [first] = differences({ data: recorded.data }, { data: node.data ?? {} }, this.#options);
    if (first !== undefined) throw this.#found("definition", { nodeId: node.id }, shown(first, this.#options.redact));
  }

  async #runLive(recorded: RecordedNode, executor: Executor, args: Args) {
    const nodeId = args.node.id;
    const from = Date.now();
    const { error } = recorded;
    const attempt = await this.#attempt(executor, args, { isRetried: error === undefined });
    if ("waits" in attempt) throw this.#found("waits", { nodeId }, { v1: undefined, v2: "It waits for an answer." });
    if ("error" in attempt) {
      if (error === attempt.error) throw new NonRetryableError(attempt.error);
      const again = await this.#again(executor, args);
      const isVarying = error !== undefined && "error" in again && again.error !== attempt.error;
      if (!isVarying) throw this.#found("failure", { nodeId }, { v1: error, v2: attempt.error });
      this.varying.add("error");
      throw new NonRetryableError(attempt.error);
    }
    if (error !== undefined) throw this.#found("failure", { nodeId }, { v1: error, v2: undefined });
    const { handles } = attempt.outcome;
    if (recorded.handles !== undefined && !isSameSet(recorded.handles, handles)) {
      throw this.#found("route", { nodeId }, { v1: edgesText(recorded.handles), v2: edgesText(handles) });
    }
    if (recorded.gave === undefined) return attempt.result;
    const found = differences(recorded.gave, attempt.next, this.#options);
    if (found.length === 0) return attempt.result;
    const ofV1 = { from: recorded.startedAt, to: recorded.startedAt + recorded.durationMs };
    const ofV2 = { from, to: Date.now() };
    let left = found.filter((place) => !areOwnTimes(place, ofV1, ofV2));
    // The engine will say what it refuses.
    if (left.length > 0 && !isKept(attempt.next, this.#options.codec)) return attempt.result;
    if (left.length > 0) {
      // What differs between two runs of one executor on one context differs by nature.
      const again = await this.#again(executor, args);
      if ("next" in again) {
        const random = differences(attempt.next, again.next, this.#options);
        left = left.filter((place) => !differsByNature(place, random) || !areAlikeByNature(place, ofV1, ofV2));
      }
    }
    const [first] = left;
    if (first !== undefined) throw this.#found("context", { nodeId }, shown(first, this.#options.redact));
    for (const place of found) this.varying.add(pathOf(place));
    const gave = recorded.gave as WorkflowContext;
    return byHandles(gave, handles);
  }

  /** Runs a live node. Tries it again as V2 would, but without a wait, if V1's has worked. */
  async #attempt(executor: Executor, args: Args, { isRetried }: { isRetried: boolean }): Promise<Attempt> {
    const { codec, retry } = this.#options;
    const { id: nodeId, name = nodeId, retry: own } = args.node;
    for (let failures = 1; ; failures++) {
      const attempt = await attemptOf(executor, ownArgs(args, codec, { attempt: failures }), args.context);
      if (!isRetried || !("thrown" in attempt) || args.signal.aborted) return attempt;
      const { record: failure, thrown } = nodeFailure({ nodeId, nodeName: name, attempts: failures }, attempt.thrown);
      const policy = resolveRetry(own, retry);
      if (retryDelay(policy, { failure, thrown, failures, random: 0 }) === undefined) return attempt;
    }
  }

  /** Runs a live node in another execution, as it were, and at another time. */
  async #again(executor: Executor, args: Args): Promise<Attempt> {
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
    const executionId = randomUUID();
    const { visit } = args;
    const others = {
      executionId,
      idempotencyKey: idempotencyKey({ id: executionId, instance: undefined }, { nodeId: args.node.id, visit }),
      waitToken: randomUUID(),
    };
    return attemptOf(executor, ownArgs(args, this.#options.codec, others), args.context);
  }

  /** Notes that it was the turn of one node in V1, and of another one in V2. */
  #noteOther(recorded: RecordedNode | undefined, v2: string | undefined): void {
    const v1 = recorded === undefined ? undefined : nameOf(recorded);
    const router = recorded?.nodeId === undefined ? undefined : this.#skipped.get(recorded.nodeId);
    if (router !== undefined) {
      this.note("route", router, { v1, v2 });
      return;
    }
    // A node that V1 has nowhere is the odd one; otherwise the one whose turn it was.
    const isExtra = v2 !== undefined && !this.#recording.nodes.some(({ nodeId }) => nodeId === v2);
    this.note("node", isExtra ? { nodeId: v2 } : recorded, { v1, v2 });
  }

  /** Notes the first difference, and returns the error that ends the run of V2. */
  #found(...found: Parameters<Replay["note"]>): Error {
    this.note(...found);
    return different();
  }

  /** Notes a difference, if it is the first. */
  note(
    kind: ShadowDifference["kind"],
    at: { nodeId?: string } | undefined,
    { path, v1, v2 }: { path?: string; v1: string | undefined; v2: string | undefined },
  ): void {
    this.difference ??= {
      kind,
      ...(at?.nodeId === undefined ? {} : { nodeId: at.nodeId }),
      ...(path === undefined ? {} : { path }),
      ...(v1 === undefined ? {} : { v1: cleanText(v1) }),
      ...(v2 === undefined ? {} : { v2: cleanText(v2) }),
    };
  }
}

/** Answers a node as V1's did. */
function answerOf({ error, gave, handles }: RecordedNode, { context }: Args) {
  if (error !== undefined) throw new NonRetryableError(error);
  const next = (gave ?? context) as WorkflowContext;
  return byHandles(next, handles);
}

/** Runs an executor. `before` is the context of the engine, which does not see what a node changes in place. */
async function attemptOf(executor: Executor, args: Args, before: WorkflowContext): Promise<Attempt> {
  try {
    const result = await thrownByNode(() => executor(args));
    const outcome = readResult(result, args.node.id);
    if (outcome.kind === "next") return { result, outcome, next: contextAfter(before, outcome) };
    readSuspension(outcome, args.node.id);
    return { waits: true };
  } catch (thrown) {
    return { error: messageOf(thrown instanceof ThrownByNode ? thrown.value : thrown), thrown };
  }
}

async function thrownByNode<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ThrownByNode(error);
  }
}

/**
 * Copies the arguments with a context of their own, because a node may change it in place. What costs something is still made when it is first read.
 */
function ownArgs(args: Args, codec: Codec, others: Partial<Args>): Args {
  const properties = Object.getOwnPropertyDescriptors<object>(args) as PropertyDescriptorMap;
  const changed = { ...others, context: copyData(codec, args.context) };
  for (const [key, value] of Object.entries(changed)) properties[key] = { value, enumerable: true };
  return Object.defineProperties({}, properties) as Args;
}

function isKept(value: unknown, codec: Codec): boolean {
  try {
    codec.encode(value);
    return true;
  } catch {
    return false;
  }
}

function byHandles(next: WorkflowContext, handles: readonly string[] | null | undefined) {
  if (handles === undefined) return next;
  return handles === null ? end(next) : route(next, handles);
}

function edgesText(handles: readonly string[] | null | undefined): string {
  return textOf(handles === null ? "no edge" : (handles ?? "all edges"));
}

function isSameSet(first: readonly string[] | null, second: readonly string[] | null = []): boolean {
  if (first === null || second === null) return first === second;
  return new Set(first).size === new Set(second).size && first.every((each) => second.includes(each));
}

function different(): NonRetryableError {
  return new NonRetryableError("V1 and V2 differ.");
}

function nameOf({ nodeId, nodeType: type }: RecordedNode): string {
  return nodeId ?? type;
}
