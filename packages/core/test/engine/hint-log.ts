import type { Dispatcher, EnqueueOptions } from "../../src/index.ts";

/** A dispatcher that only keeps what an engine tells it. */
export class HintLog implements Dispatcher {
  readonly hints: [executionId: string, options: EnqueueOptions][] = [];
  /** The end of an `enqueue`: replaced by tests whose queue does not take a job. */
  answer: () => Promise<void> = async () => undefined;

  enqueue(executionId: string, options: EnqueueOptions): Promise<void> {
    this.hints.push([executionId, options]);
    return this.answer();
  }

  async work(): Promise<void> {}

  async close(): Promise<void> {}

  /** Returns the hints since the last call, without the options that are absent. */
  taken(): [string, object][] {
    return this.hints
      .splice(0)
      .map(([id, options]) => [
        id,
        Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
      ]);
  }
}
