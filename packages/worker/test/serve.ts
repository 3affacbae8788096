import type { Delivered, Dispatcher } from "@waymark/core";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

/** Delivers jobs to a handler until the end of the test, or until the returned function is called. */
export function serve(
  dispatcher: Dispatcher,
  handler: (executionId: string) => Promise<Delivered>,
  concurrency = 1,
): () => Promise<void> {
  const stopping = new AbortController();
  const working = dispatcher.work(handler, { concurrency, signal: stopping.signal });
  const stop = async () => {
    stopping.abort();
    await working;
  };
  onTestFinished(stop);
  return stop;
}

/** Delivers jobs until the end of the test. Returns the ids that were delivered so far. */
export function collect(dispatcher: Dispatcher): readonly string[] {
  const delivered: string[] = [];
  serve(dispatcher, async (id) => {
    delivered.push(id);
    return {};
  });
  return delivered;
}

/** Adds a job, and holds its delivery until the returned function is called: then the worker stops. */
export async function holdDelivery(
  dispatcher: Dispatcher,
): Promise<{ held: readonly string[]; stop(): Promise<void> }> {
  const held: string[] = [];
  let release = (): void => undefined;
  const stop = serve(
    dispatcher,
    async (id) => {
      held.push(id);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return {};
    },
    2,
  );
  await dispatcher.enqueue("e1", {});
  await until(() => held.length === 1);
  return {
    held,
    stop: async () => {
      const stopped = stop();
      release();
      await stopped;
    },
  };
}
