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
    return isThenable(result) ? waitWithin(limits, controller, settled(result)) : result;
  } catch (error) {
    return Promise.reject(new ThrownByNode(error));
  }
}

function waitWithin<T>(limits: CallLimits, controller: LazyAbort, result: Promise<T>): Promise<T> {
  const { clock, interrupts, timeoutMs, nodeId } = limits;
  return new Promise<T>((resolve, reject) => {
    const undo: (() => void)[] = [];
    const settle = (end: () => void): void => {
      for (const each of undo) each();
      end();
    };
    const giveUp = (reason: unknown): void => {
      controller.abort(reason);
      settle(() => reject(reason));
    };
    result.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(new ThrownByNode(error))),
    );
    if (timeoutMs !== undefined) undo.push(clock.schedule(timeoutMs, () => giveUp(nodeTimeout(nodeId, timeoutMs))));
    undo.push(
      interrupts.listen((kind: Interruption) => {
        if (kind !== "aborted") return giveUp(interrupts.reason);
        controller.abort(interrupts.reason);
        undo.push(clock.schedule(ABORT_GRACE_MS, () => giveUp(interrupts.reason)));
      }),
    );
  });
}

/**
 * A promise of the engine's own for one of the executor's, or for a thenable, which may settle twice, throw, or give
 * another thenable. A `then` that is itself async, and rejects by what it returns, rejects this one.
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
