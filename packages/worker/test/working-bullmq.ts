import { Queue } from "bullmq";
import { onTestFinished } from "vitest";
import { bullmqDispatcher } from "../src/bullmq/index.ts";
import { collect } from "./serve.ts";

let places = 0;

/** A dispatcher that works, and a queue of BullMQ in the same place. */
export function working(url: string) {
  const prefix = `working-${++places}`;
  const dispatcher = bullmqDispatcher({ connection: { url }, prefix, onError: () => undefined });
  const queue = new Queue("waymark", { connection: { url }, prefix });
  onTestFinished(async () => {
    await dispatcher.close();
    await queue.close();
  });
  return { dispatcher, queue, delivered: collect(dispatcher) };
}
