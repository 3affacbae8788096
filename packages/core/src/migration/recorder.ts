import { AsyncLocalStorage } from "node:async_hooks";
import { types } from "node:util";
import { checker } from "../checker.ts";
import { count } from "../durations.ts";
import { isMadeByEngine } from "../engine/made-by-engine.ts";
import { readProperty } from "../errors.ts";
import { anything, callback, numberFrom, type OptionTable, optional } from "../option.ts";
import { Codec } from "../state/codec.ts";
import type { CodecOptions } from "../state/codec-types.ts";
import { tell } from "../tell.ts";
import { DirectCalls } from "./direct-calls.ts";
import type { DirectOutcome } from "./outcomes.ts";
import type { Recording } from "./recording.ts";
import { type AroundNode, type ReadArguments, type RecordedRun, RunRecording } from "./run-recording.ts";
import type { V1Call } from "./v1-shape.ts";

/**
 * The options of {@link createRecorder}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/rollout.md#phase-1-compare
 */
export interface RecorderOptions {
  /**
   * The part of the runs that is recorded: 0 to 1, or a function that decides about a call. Default: 1. Of the others only
   * the times of their nodes are taken. A function that fails, or returns a promise, decides for no.
   */
  sample?: number | ((call: V1Call) => boolean);
  /** The most bytes of a recording, as estimated: two per character. A larger run is not recorded. Default: 1,000,000. */
  maxBytes?: number;
  /** The most runs that are recorded at the same time. Of further ones only times are taken. Default: 20. */
  maxConcurrentRuns?: number;
  /**
   * Reads the arguments of V1's executors. Default: the first one is an object with `context`, `node` or `nodeId`, and
   * `data` (else that of the node).
   */
  read?: (...args: never[]) => { context: unknown; nodeId?: string; data?: unknown };
  /**
   * The `codec` of your engine, so that instances of your own classes are recorded as they were. A rollout passes that of
   * its engine by itself.
   */
  codec?: CodecOptions;
  /** Is called with every recording. V1 does not wait for it, and its failures are ignored. */
  onRecording?: (recording: Recording) => unknown;
}

/** The numbers of a recorder, since it was created. */
export interface RecorderStats {
  /** The runs of V1 that it has seen. */
  runs: number;
  /** The runs that it has recorded completely. */
  recorded: number;
  /** The runs that it gave up, because they are too large, cannot be copied, or ran two nodes at a time. */
  dropped: number;
  /** The failures of its own work and of `sample`. None has reached V1. */
  errors: number;
  /** The calls of V1's executors outside of a run: see {@link DirectOutcome}. */
  directCalls: number;
}

/** Records runs of V1: see {@link createRecorder}. */
export interface Recorder {
  /**
   * Wraps an executor of V1 so that its calls are recorded. Returns a function with the same enumerable properties, and
   * anything that is no function as it is.
   *
   * - Outside of a run, and when the engine calls it, it calls the executor and does nothing else.
   */
  // biome-ignore lint/suspicious/noExplicitAny: executors of V1 have any arguments
  wrap<Executor extends (...args: any[]) => unknown>(type: string, executor: Executor): Executor;
  /**
   * Runs V1, and ties to this run what wrapped executors do meanwhile. Returns what V1 returns, and throws what it throws.
   *
   * - `createRollout` calls it for the runs of its `v1`. Call it yourself only if you have no rollout.
   * - `around` runs in place of each node, for tests: it can count nodes, or make one fail. V1 gets what it returns.
   */
  run<Result>(call: V1Call, v1: () => Result | Promise<Result>, options?: { around?: AroundNode }): Promise<Result>;
  readonly stats: Readonly<RecorderStats>;
  /** @internal */
  runRecorded<Result>(
    call: V1Call,
    v1: () => Result | Promise<Result>,
    onEnd: (run: RecordedRun) => void,
    options?: { around?: AroundNode | undefined; codec?: Codec },
  ): Promise<Result>;
  /**
   * Does work of V2, whose nodes may call executors of V1's registry, with any arguments.
   *
   * @internal
   */
  asV2<Result>(work: () => Result): Result;
  /** Marks what follows in the present asynchronous context as work of V2. @internal */
  enterV2(): void;
  /** @internal */
  listenToDirectCalls(listener: (outcome: DirectOutcome) => void): void;
}

/** Stands for a run of V2. */
const V2 = Symbol("V2");

const DEFAULTS = { maxBytes: 1_000_000, maxConcurrentRuns: 20 };

/** One of this many recordings is thorough, beginning with the first: a node that adds hidden keys does so in each run. */
const THOROUGH = 32;

const SAMPLE = "a number from 0 to 1, or a function";

const OPTIONS: OptionTable<RecorderOptions> = {
  sample: optional((value) => (typeof value === "function" ? undefined : numberFrom(0, 1, SAMPLE)(value))),
  maxBytes: optional(count),
  maxConcurrentRuns: optional(count),
  read: optional(callback),
  codec: optional(anything),
  onRecording: optional(callback),
};

const checkOptions = checker<RecorderOptions>("createRecorder", OPTIONS);

/**
 * Creates a recorder of runs of V1: what each node got and gave.
 *
 * - Wrap the executors where V1's own registry hands them out.
 * - It copies the context before each node, and the output. Its own failures are only counted.
 * - A promise of another library that an executor returns arrives as a native one.
 * - The copies take time: about a third of that of `structuredClone`. `sample` and `maxBytes` bound it. At most
 *   `maxConcurrentRuns` times `maxBytes` are in memory for runs under way.
 * - V1 runs one node at a time. A run in which two executors run at once is not recorded.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const recorder = createRecorder({ sample: 0.1 });
 * export const getExecutor = (type: string) => recorder.wrap(type, registry[type]);
 * ```
 */
export function createRecorder(options: RecorderOptions = {}): Recorder {
  const { sample = 1, read = readArguments, onRecording, codec: types, ...limits } = checkOptions(options);
  const own = types === undefined ? undefined : new Codec(types);
  const { maxBytes, maxConcurrentRuns } = { ...DEFAULTS, ...limits };
  let underWay = 0;
  let begun = 0;
  const stats: RecorderStats = { runs: 0, recorded: 0, dropped: 0, errors: 0, directCalls: 0 };
  const current = new AsyncLocalStorage<RunRecording | typeof V2 | undefined>();
  const direct = new DirectCalls();
  const onError = () => {
    stats.errors += 1;
  };
  const isSampled = (call: V1Call): boolean => {
    if (typeof sample === "number") return Math.random() < sample;
    try {
      const answer: unknown = sample(call);
      if (typeof answer !== "boolean") {
        // V1 does not wait for a promise, and must not end if it rejects.
        tell(() => answer, undefined);
        onError();
      }
      return answer === true;
    } catch {
      onError();
      return false;
    }
  };

  const runRecorded: Recorder["runRecorded"] = async (call, v1, onEnd, { around, codec = own } = {}) => {
    stats.runs += 1;
    const isRecorded = underWay < maxConcurrentRuns && isSampled(call);
    if (isRecorded) underWay += 1;
    const isThorough = isRecorded && begun++ % THOROUGH === 0;
    const run = new RunRecording(call, {
      ...{ maxBytes: isRecorded ? maxBytes : undefined, isThorough },
      ...{ codec, onError, around },
    });
    const end = (ended: { result: unknown } | { error: unknown }) => {
      const recorded = run.end(ended);
      if (isRecorded) underWay -= 1;
      const { recording } = recorded;
      if (recording?.problem !== undefined) stats.dropped += 1;
      else if (recording !== undefined) stats.recorded += 1;
      // Outside of the run: what the listeners start does not belong to it.
      current.run(undefined, () => {
        tell(onEnd, recorded);
        if (recording !== undefined && onRecording !== undefined) tell(onRecording, recording);
      });
    };
    try {
      const result = await current.run(run, v1);
      end({ result });
      return result;
    } catch (error) {
      if (!run.isOver) end({ error });
      throw error;
    }
  };

  return {
    wrap(type, executor) {
      // A registry may answer with nothing, or with an object of its own: that is V1's business.
      if (typeof executor !== "function") return executor;
      const recorded = function (this: unknown, ...args: unknown[]): unknown {
        const run = current.getStore();
        const isV2 = run === V2 || isMadeByEngine(args[0]);
        if (isV2 || run === undefined || run.isOver) {
          if (!isV2 && run === undefined) {
            stats.directCalls += 1;
            direct.note(type, recorded);
          }
          return executor.apply(this, args);
        }
        const readThese = () => (read as (...args: unknown[]) => ReadArguments)(...args);
        const end = run.begin(type, readThese);
        return ending(() => run.call(type, args, readThese, () => executor.apply(this, args)), end);
      };
      for (const key of Object.keys(executor)) {
        const value: unknown = readProperty(executor, key);
        Object.defineProperty(recorded, key, { value, configurable: true, enumerable: true, writable: true });
      }
      return recorded as unknown as typeof executor;
    },
    run: (call, v1, { around } = {}) => runRecorded(call, v1, () => undefined, { around }),
    runRecorded,
    asV2: (work) => current.run(V2, work),
    enterV2: () => current.enterWith(V2),
    listenToDirectCalls: (listener) => direct.listen(listener),
    get stats() {
      return Object.freeze({ ...stats });
    },
  };
}

/** Calls an executor, and `end` with what becomes of it, before V1 continues. A synchronous executor stays so. */
function ending(work: () => unknown, end: (ended: { result: unknown } | { error: unknown }) => void): unknown {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    end({ error });
    throw error;
  }
  // Registered before V1's own, so it comes first. V1 gets the very same promise.
  if (types.isPromise(result) && isHeard(result, end)) return result;
  if (typeof readProperty(result, "then") === "function") {
    // Only one `then`: that of a query builder sends the query.
    return ending(() => Promise.resolve(result), end);
  }
  end({ result });
  return result;
}

function readArguments(args: unknown): ReadArguments {
  const node = readProperty(args, "node");
  const nodeId = readProperty(args, "nodeId") ?? readProperty(node, "id");
  const data = readProperty(node, "data") ?? readProperty(args, "data");
  return {
    context: readProperty(args, "context"),
    ...(typeof nodeId === "string" ? { nodeId } : {}),
    ...(data === undefined ? {} : { data }),
  };
}

/** Calls `end` when a promise settles. Returns false for one of a class that allows no plain `then`. */
function isHeard(promise: Promise<unknown>, end: (ended: { result: unknown } | { error: unknown }) => void): boolean {
  try {
    Promise.prototype.then.call(
      promise,
      (value) => end({ result: value }),
      (error) => end({ error }),
    );
    return true;
  } catch {
    return false;
  }
}
