import { readResult } from "../engine/node-outcome.ts";
import { messageOf, readProperty } from "../errors.ts";
import type { Codec } from "../state/codec.ts";
import { idText } from "./id-text.ts";
import type { NodeTimes } from "./outcomes.ts";
import type { RecordedNode, Recording, RecordingProblem } from "./recording.ts";
import { addNodeRun } from "./run-watch.ts";
import type { V1Call } from "./v1-shape.ts";
import { type ByteBudget, copyValue, TooLarge } from "./value-copy.ts";

const MAX_MESSAGE = 2_000;

/** The end of a run of V1, recorded or not. */
export interface RecordedRun {
  call: V1Call;
  /** The time in executors, by node. */
  nodes: NodeTimes[];
  /** Absent if the run was not sampled. */
  recording?: Recording;
}

/** Runs in place of each node of a run, and decides if and when the node itself runs: see `Recorder.run`. */
export type AroundNode = (
  node: { nodeType: string; nodeId?: string; args: readonly unknown[] },
  next: () => unknown,
) => unknown;

/** What the arguments of an executor say. */
export interface ReadArguments {
  context: unknown;
  nodeId?: string | undefined;
  data?: unknown;
}

/**
 * Records one run of V1. Only times are taken if it has no bytes to record into.
 *
 * - Never throws. What cannot be copied makes the recording useless, and is counted by `onError`.
 */
export class RunRecording {
  readonly #call: V1Call;
  readonly #onError: () => void;
  readonly #budget: (ByteBudget & { maxBytes: number }) | undefined;
  readonly #codec: Codec | undefined;
  readonly #times = new Map<string, NodeTimes>();
  readonly #nodes: RecordedNode[] = [];
  #initialData: unknown;
  #problem: RecordingProblem | undefined;
  #recordingMs = 0;
  #isInNode = false;
  readonly #around: AroundNode | undefined;
  /** True once V1 has ended. What its left-overs call is not recorded. */
  isOver = false;

  constructor(
    call: V1Call,
    options: {
      maxBytes: number | undefined;
      isThorough?: boolean;
      codec?: Codec | undefined;
      onError: () => void;
      around?: AroundNode | undefined;
    },
  ) {
    const { maxBytes, isThorough = false, codec, onError, around } = options;
    this.#codec = codec;
    this.#call = call;
    this.#around = around;
    this.#onError = onError;
    this.#budget = maxBytes === undefined ? undefined : { leftBytes: maxBytes, maxBytes, isThorough };
    this.#record((copy) => {
      this.#initialData = copy(call.initialData ?? {});
    });
  }

  /** Notes the call of an executor. Returns what takes its result, or what it threw. */
  begin(nodeType: string, read: () => ReadArguments): (ended: { result: unknown } | { error: unknown }) => void {
    const startedAt = performance.now();
    if (this.#isInNode) {
      // V1 runs one node at a time. A node that calls another one cannot be told from a branch beside it.
      this.#problem ??= "overlapping";
      return () => this.#noteTime(undefined, { nodeType, read, startedAt });
    }
    this.#isInNode = true;
    let node: RecordedNode | undefined;
    this.#record((copy) => {
      const { context, nodeId, data } = read();
      node = { nodeType, given: copy(context), startedAt: Date.now(), durationMs: 0 };
      if (nodeId !== undefined) node.nodeId = nodeId;
      if (data !== undefined) node.data = copy(data);
      const last = this.#nodes.at(-1);
      const isTriedAgain = last?.error !== undefined && last.nodeId === nodeId && last.nodeType === nodeType;
      if (isTriedAgain) this.#nodes.pop();
      this.#nodes.push(node);
    });
    const calledAt = performance.now();
    return (ended) => {
      this.#isInNode = false;
      const durationMs = this.#noteTime(node, { nodeType, read, startedAt: calledAt });
      if (node === undefined) return;
      node.durationMs = durationMs;
      if ("error" in ended) node.error = messageOf(ended.error).slice(0, MAX_MESSAGE);
      else noteHandles(node, ended.result);
    };
  }

  #noteTime(
    node: RecordedNode | undefined,
    { nodeType, read, startedAt }: { nodeType: string; read: () => ReadArguments; startedAt: number },
  ): number {
    const durationMs = performance.now() - startedAt;
    const nodeId = node?.nodeId ?? this.#nodeIdOf(read) ?? nodeType;
    addNodeRun(this.#times, { nodeId, nodeType, durationMs });
    return durationMs;
  }

  /** Calls an executor, through `around` if the run has one. */
  call(nodeType: string, args: readonly unknown[], read: () => ReadArguments, next: () => unknown): unknown {
    if (this.#around === undefined) return next();
    const nodeId = this.#nodeIdOf(read);
    return this.#around({ nodeType, args, ...(nodeId === undefined ? {} : { nodeId }) }, next);
  }

  /** Ends the recording with V1's result, or what it threw. */
  end(ended: { result: unknown } | { error: unknown }): RecordedRun {
    this.isOver = true;
    const run: RecordedRun = { call: this.#call, nodes: [...this.#times.values()] };
    const budget = this.#budget;
    if (budget === undefined) return run;
    let result: Recording["result"] = { success: false };
    this.#record((copy) => {
      result = resultOf(ended, copy);
    });
    for (const [index, node] of this.#nodes.entries()) {
      const next = this.#nodes[index + 1];
      const gave = next === undefined ? result.output : next.given;
      if (node.error === undefined && gave !== undefined) node.gave = gave;
    }
    const { workflowId, userId } = this.#call;
    const recording: Recording = {
      ...{ workflowId: idText(workflowId), userId: idText(userId), initialData: this.#initialData },
      ...startOf(this.#call),
      ...{ nodes: this.#nodes, result, recordingMs: this.#recordingMs },
      bytes: budget.maxBytes - Math.max(0, budget.leftBytes),
    };
    if (this.#problem !== undefined) {
      recording.problem = this.#problem;
      // What is there of it is of no use.
      recording.nodes = [];
    }
    return { ...run, recording };
  }

  #nodeIdOf(read: () => ReadArguments): string | undefined {
    try {
      return read().nodeId;
    } catch {
      return undefined;
    }
  }

  #record(work: (copy: (value: unknown) => unknown) => void): void {
    const budget = this.#budget;
    if (budget === undefined || this.#problem !== undefined) return;
    const startedAt = performance.now();
    try {
      work((value) => copyValue(value, budget, this.#codec));
    } catch (error) {
      const isTooLarge = error instanceof TooLarge;
      this.#problem = isTooLarge ? "too-large" : "unreadable";
      // Frees the memory at once.
      this.#nodes.length = 0;
      if (!isTooLarge) this.#onError();
    }
    this.#recordingMs += performance.now() - startedAt;
  }
}

function startOf(call: V1Call): Pick<Recording, "startAt"> {
  const startAt = readProperty(call, "startAt");
  if (typeof startAt === "string") return { startAt };
  const isList = Array.isArray(startAt) && startAt.every((each) => typeof each === "string");
  return isList ? { startAt: [...startAt] } : {};
}

function noteHandles(node: RecordedNode, result: unknown): void {
  try {
    const outcome = readResult(result, node.nodeType);
    if (outcome.kind === "next" && outcome.handles !== undefined) node.handles = outcome.handles;
  } catch {
    // V1 may have results of its own.
  }
}

function resultOf(
  ended: { result: unknown } | { error: unknown },
  copy: (value: unknown) => unknown,
): Recording["result"] {
  if ("error" in ended) return { success: false, error: messageOf(ended.error).slice(0, MAX_MESSAGE) };
  const success = readProperty(ended.result, "success") === true;
  const error = readProperty(ended.result, "error");
  const output = readProperty(ended.result, "output");
  return {
    success,
    ...(output === undefined ? {} : { output: copy(output) }),
    ...(error === undefined ? {} : { error: messageOf(error).slice(0, MAX_MESSAGE) }),
  };
}
