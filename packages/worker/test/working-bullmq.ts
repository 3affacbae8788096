import { Queue } from "bullmq";
import { onTestFinished } from "vitest";
import { bullmqDispatcher } from "../src/bullmq/index.ts";

let places = 0;

/** A dispatcher that works, and a queue of BullMQ in the same place. */
export function working(url: string) {
  const prefix = `working-${++places}`;
  const dispatcher = bullmqDispatcher({ connection: { url }, prefix, onError: () => undefined });
  const queue = new Queue("waymark", { connection: { url }, prefix });
  const delivered: string[] = [];
  const stopping = new AbortController();
  const handler = async (id: string) => {
    delivered.push(id);
    return {};
  };
  const work = dispatcher.work(handler, { concurrency: 1, signal: stopping.signal });
  onTestFinished(async () => {
    stopping.abort();
    await work;
    await dispatcher.close();
    await queue.close();
  });
  return { dispatcher, queue, delivered };
}
