import { afterEach, expect, it, vi } from "vitest";
import { createInspector } from "../src/index.ts";
import { newOrders } from "./orders.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("a stream lasts two minutes, so that the next one is authorized anew", async () => {
  const { engine } = await newOrders();
  vi.useFakeTimers();
  const inspector = createInspector({ engine, authorize: () => ({}) });
  const response = await inspector.fetch(new Request("http://localhost/api/events?id=order-1004"));
  let hasEnded = false;
  const text = response.text().finally(() => {
    hasEnded = true;
  });
  await vi.advanceTimersByTimeAsync(119_000);
  expect(hasEnded).toBe(false);
  await vi.advanceTimersByTimeAsync(2_000);
  vi.useRealTimers();
  // The browser opens it again: nothing says that there will be no more.
  expect(await text).not.toContain("event: end");
}, 10_000);

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
