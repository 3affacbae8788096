import type { Clock } from "../clock.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { recoveryRestMs } from "./decide.ts";

interface LoopParts {
  clock: Clock;
  intervalMs: number;
  concurrency: number;
  candidates: () => AsyncGenerator<ExecutionRecord, undefined>;
  recover: (head: ExecutionRecord) => Promise<void>;
  onError: (error: unknown) => void;
}

/** Looks for executions at intervals, and runs a bounded number of them at a time. */
export class RecoveryLoop {
  readonly #parts: LoopParts;
  readonly #running = new Map<string, Promise<void>>();
  #isStopped = false;
  #mayRest = true;
  #wake: (() => void) | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#ended = this.#loop();
  }

  wake(): void {
    this.#mayRest = false;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#ended;
    await Promise.all(this.#running.values());
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      this.#mayRest = true;
      try {
        await this.#pass();
      } catch (error) {
        this.#parts.onError(error);
      }
      if (!this.#isStopped && this.#mayRest) await this.#rest();
    }
  }

  async #pass(): Promise<void> {
    const { candidates, concurrency } = this.#parts;
    for await (const head of candidates()) {
      if (this.#running.has(head.id)) continue;
      while (this.#running.size >= concurrency && !this.#isStopped) await this.#untilFree();
      if (this.#isStopped) return;
      this.#start(head);
    }
  }

  #start(head: ExecutionRecord): void {
    const { recover, onError } = this.#parts;
    const run = recover(head)
      .catch(onError)
      .finally(() => {
        this.#running.delete(head.id);
        this.#wake?.();
      });
    this.#running.set(head.id, run);
  }

  async #untilFree(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  /** Waits for the interval and a random while, so that processes do not look at the same time. */
  async #rest(): Promise<void> {
    const { clock, intervalMs } = this.#parts;
    let cancel: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.#isStopped || !this.#mayRest) resolve();
      };
      cancel = clock.schedule(recoveryRestMs(intervalMs, Math.random()), resolve);
    });
    cancel?.();
    this.#wake = undefined;
  }
}
