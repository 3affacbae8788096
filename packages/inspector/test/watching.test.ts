import { expect, it } from "vitest";
import { createInspector } from "../src/index.ts";
import { newOrders } from "./orders.ts";

it("a browser that goes away while the execution ends is no error", async () => {
  const { engine } = await newOrders();
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const errors: unknown[] = [];
  const watchExecution: typeof engine.watchExecution = async function* (options) {
    try {
      for await (const update of engine.watchExecution(options)) {
        yield update;
        await left;
        yield update;
      }
    } finally {
      end();
    }
  };
  const inspector = createInspector({
    engine: { ...engine, watchExecution },
    authorize: () => ({}),
    onError: (error) => errors.push(error),
  });
  const response = await inspector.fetch(new Request("http://localhost/api/events?id=order-1001"));
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  leave();
  await ended;
  expect(errors).toEqual([]);
});
