import type { Clock } from "../clock.ts";
import { isWorkflowError } from "../errors.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { recoveryRestMs } from "./pauses.ts";

interface LoopParts {
  clock: Clock;
  intervalMs: number;
  concurrency: number;
  candidates: () => AsyncGenerator<ExecutionRecord, undefined>;
  /** The signal aborts if the loop stops while the execution is only looked at. */
  recover: (head: ExecutionRecord, signal: AbortSignal) => Promise<void>;
  /** Returns true if this engine claims or runs the execution. */
  isHeld: (executionId: string) => boolean;
  onError: (error: unknown) => void;
}

/** Looks for executions at intervals, and runs a bounded number of them at a time. */
export class RecoveryLoop {
  readonly #parts: LoopParts;
  readonly #running = new Map<string, { run: Promise<void>; look: AbortController }>();
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

  /** Starts nothing more. Waits for its runs, and gives up what is not claimed: its lookups may never settle. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#ended;
    for (const [id, { look }] of this.#running) if (!this.#parts.isHeld(id)) look.abort();
    await Promise.all(Array.from(this.#running.values(), ({ run }) => run));
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      this.#mayRest = true;
      try {
        await this.#pass();
      } catch (error) {
        this.#failed(error);
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
    const { recover } = this.#parts;
    const look = new AbortController();
    const run = recover(head, look.signal)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running.delete(head.id);
        this.#wake?.();
      });
    this.#running.set(head.id, { run, look });
  }

  /** Once it is stopped, it tries nothing again, and its store may have been closed. A closed store stops it. */
  #failed(error: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = isWorkflowError(error, "STORE_CLOSED");
    this.#parts.onError(error);
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
