import { types } from "node:util";
import { abandonPromises } from "../abandoned-promises.ts";
import type { Clock } from "../clock.ts";
import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { Interruption } from "./decide.ts";
import { ABORT_GRACE_MS, type Interrupts } from "./interrupts.ts";

/** Limits of one call of an executor. */
export interface CallLimits {
  clock: Clock;
  interrupts: Interrupts;
  timeoutMs: number | undefined;
  /** For the message of a timeout. */
  nodeId: string;
}

/** What an executor threw: told apart from what the engine has found out about its run. */
export class ThrownByNode {
  readonly value: unknown;

  constructor(value: unknown) {
    abandonPromises(value);
    this.value = value;
  }
}

/**
 * Calls an executor, and stops waiting for it when its time is up, also where it ignores its signal.
 *
 * - A node timeout, the run's timeout and a lost lease end the wait at once; the caller's abort leaves it a grace.
 * - The signal is made only when the executor asks for it.
 *
 * @throws {ThrownByNode} what the executor throws; {WorkflowError} NODE_TIMEOUT; what interrupted the run
 */
export function callExecutor<T>(
  limits: CallLimits,
  call: (signal: () => AbortSignal) => T | Promise<T>,
): T | Promise<T> {
  const controller = new LazyAbort();
  try {
    const result = call(() => controller.signal);
    return isThenable(result) ? new NodeWait(limits, controller, result).end : result;
  } catch (error) {
    return Promise.reject(new ThrownByNode(error));
  }
}

/** The wait for a node that has returned a promise. With fields, not closures: every such node makes one. */
class NodeWait<T> {
  readonly end: Promise<T>;
  readonly #limits: CallLimits;
  readonly #controller: LazyAbort;
  readonly #unlisten: (() => void) | undefined;
  readonly #cancelTimer: (() => void) | undefined;
  #cancelGrace: (() => void) | undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;

  constructor(limits: CallLimits, controller: LazyAbort, result: PromiseLike<T>) {
    const { clock, interrupts, timeoutMs, nodeId } = limits;
    this.#limits = limits;
    this.#controller = controller;
    this.end = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const onValue = (value: T): void => this.#settle(value);
    const onError = (error: unknown): void => this.#fail(error);
    if (isOrdinary(result)) then.call(result, onValue as (value: unknown) => void, onError);
    else settled(result).then(onValue, onError);
    if (timeoutMs !== undefined) {
      this.#cancelTimer = clock.schedule(timeoutMs, () => this.#giveUp(nodeTimeout(nodeId, timeoutMs)));
    }
    this.#unlisten = interrupts.listen((kind) => this.#interrupt(kind));
  }

  #settle(value: T): void {
    this.#stop();
    this.#resolve(value);
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#reject(new ThrownByNode(error));
  }

  #interrupt(kind: Interruption): void {
    const { clock, interrupts } = this.#limits;
    if (kind === "aborted") {
      this.#controller.abort(interrupts.reason);
      this.#cancelGrace = clock.schedule(ABORT_GRACE_MS, () => this.#giveUp(interrupts.reason));
    } else {
      this.#giveUp(interrupts.reason);
    }
  }

  #giveUp(reason: unknown): void {
    this.#controller.abort(reason);
    this.#stop();
    this.#reject(reason);
  }

  #stop(): void {
    this.#unlisten?.();
    this.#cancelTimer?.();
    this.#cancelGrace?.();
  }
}

// Read once: a library may replace it later.
const { then } = Promise.prototype;

/** Returns true for a promise that nobody has changed: it settles once, and its `then` is known. */
function isOrdinary<T>(result: PromiseLike<T>): result is Promise<T> {
  return (
    types.isPromise(result) &&
    Object.getPrototypeOf(result) === Promise.prototype &&
    !Object.hasOwn(result, "constructor")
  );
}

/**
 * A promise of the engine's own for a changed promise of the executor's, or for a thenable, which may settle twice, throw,
 * or give another thenable. A `then` that is itself async, and rejects by what it returns, rejects this one.
 */
async function settled<T>(result: PromiseLike<T>): Promise<T> {
  if (result instanceof Promise) return await result;
  return await new Promise<T>((resolve, reject) => {
    const returned: unknown = result.then(resolve, reject);
    if (returned instanceof Promise) returned.then(undefined, reject);
  });
}

/** An AbortController that costs nothing until somebody asks for its signal. */
class LazyAbort {
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }
}

function nodeTimeout(nodeId: string, timeoutMs: number): WorkflowError {
  return new WorkflowError("NODE_TIMEOUT", `Node ${quoted(nodeId)} hit its timeout of ${timeoutMs} ms.`, {
    details: { nodeId, timeoutMs },
  });
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
