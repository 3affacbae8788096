import { randomUUID } from "../crypto.ts";
import { createWorkflowEngine } from "../engine/engine.ts";
import type { EngineInternals } from "../engine/engine-internals.ts";
import { ExecutorLookup } from "../engine/executor-lookup.ts";
import type { NodeExecutor, WorkflowContext } from "../engine/node-executor.ts";
import { messageOf } from "../errors.ts";
import type { CheckedComparison } from "./compare-options.ts";
import { checkedInternals } from "./engine-option.ts";
import type { ShadowOutcome } from "./outcomes.ts";
import type { Recording } from "./recording.ts";
import { rehearsalStore } from "./rehearsal-store.ts";
import { Replay, type ReplayOptions } from "./replay.ts";

type Executor = NodeExecutor<WorkflowContext, unknown>;
type Compared = Pick<ShadowOutcome, "result" | "reason" | "difference" | "varying" | "liveNodes" | "recordedNodes">;

const quiet = (): void => undefined;
const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Runs V2 on recordings of V1, with V2's own definitions, and with its executors only for the live node types. */
export class RecordingComparison {
  readonly #options: ReplayOptions & { timeoutMs: number };
  readonly #replays = new Map<string, Replay>();
  readonly #executors: ExecutorLookup;
  /** One per executor, so that the engine need not prepare a workflow again. */
  readonly #wrapped = new WeakMap<Executor, Executor>();
  readonly #run: EngineInternals["executeCopied"];

  constructor({ options, surroundings }: EngineInternals, compare: CheckedComparison) {
    const { redact = [], retry } = options;
    this.#options = { ...compare, redact, retry, codec: surroundings.codec };
    this.#executors = new ExecutorLookup(options.executors);
    const { workflows, codec, nodeTimeoutMs } = options;
    const engine = createWorkflowEngine({
      store: rehearsalStore(surroundings.store.capabilities),
      workflows,
      executors: (type) => this.#executorOf(type),
      clock: surroundings.clock,
      logger: SILENT,
      onEvent: (event) => {
        if (event.type === "node.skipped") this.#replays.get(event.executionId)?.skip(event.nodeId);
      },
      ...(codec === undefined ? {} : { codec }),
      ...(nodeTimeoutMs === undefined ? {} : { nodeTimeoutMs }),
    });
    this.#run = checkedInternals(engine).executeCopied;
  }

  /** Compares a recording with V2. Never throws. */
  async compare(recording: Recording): Promise<ShadowOutcome> {
    const { workflowId, userId, recordingMs } = recording;
    const startedMs = performance.now();
    const compared = await this.#compare(recording).catch((): Compared => skipped("failed"));
    const at = new Date().toISOString();
    return {
      kind: "shadow",
      at,
      workflowId,
      userId,
      ...compared,
      recordingMs,
      durationMs: performance.now() - startedMs,
    };
  }

  async #compare(recording: Recording): Promise<Compared> {
    const { problem, nodes, workflowId, userId, initialData, startAt } = recording;
    if (problem !== undefined) return skipped(problem);
    if (nodes.length === 0 && recording.result.success) return skipped("no-nodes");
    const executionId = randomUUID();
    const replay = new Replay(recording, this.#options);
    this.#replays.set(executionId, replay);
    try {
      const { timeoutMs } = this.#options;
      const call = {
        ...{ workflowId, userId, executionId, timeoutMs, initialData: initialData as object },
        ...(startAt === undefined ? {} : { startAt }),
      };
      const result = await this.#run(call);
      if (result.status === "failed" && result.failure.code === "EXECUTION_TIMEOUT") return skipped("timeout");
      if (result.success) replay.end({ output: result.output });
      else replay.end({ error: result.error ?? `The execution is ${result.status}.` });
    } catch (error) {
      // V2 refuses the call: the workflow, an executor, or the initial data.
      replay.note("failure", undefined, { v1: undefined, v2: messageOf(error) });
    } finally {
      this.#replays.delete(executionId);
    }
    const { difference, varying, liveNodes, recordedNodes } = replay;
    return {
      result: difference === undefined ? "equal" : "different",
      ...(difference === undefined ? {} : { difference }),
      ...(varying.size === 0 ? {} : { varying: [...varying] }),
      ...{ liveNodes, recordedNodes },
    };
  }

  async #executorOf(type: string): Promise<Executor | undefined> {
    const executor = await this.#executors.of(type);
    if (executor === undefined) return undefined;
    const known = this.#wrapped.get(executor);
    if (known !== undefined) return known;
    const replayed: Executor = (args) => (this.#replays.get(args.executionId) as Replay).run(executor, args);
    // The executor of defineNode has the properties type and dataSchema.
    const wrapped = Object.assign(replayed, executor);
    this.#wrapped.set(executor, wrapped);
    return wrapped;
  }
}

/** The outcome of a recording that is not compared. */
export function skipped(reason: NonNullable<ShadowOutcome["reason"]>): Compared {
  return { result: "skipped", reason, liveNodes: 0, recordedNodes: 0 };
}
