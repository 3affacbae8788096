import { expect, it } from "vitest";
import { endable } from "../../src/engine/endable.ts";

const DONE = { done: true, value: undefined };

it("an iterator ends while a step never settles, by return() and by its controller", async () => {
  for (const way of ["return", "abort"]) {
    const controllers: AbortController[] = [];
    const items = endable(async function* (ending) {
      controllers.push(ending);
      yield 1;
      await new Promise(() => undefined);
    });
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const [pending, next] = [items.next(), items.next()];
    if (way === "return") expect(await items.return?.()).toEqual(DONE);
    else controllers[0]?.abort();
    expect(await Promise.all([pending, next, items.next()])).toEqual([DONE, DONE, DONE]);
  }
});

it("an iterator that is ended between two steps lets them clean up", async () => {
  let isCleanedUp = false;
  const items = endable(async function* () {
    try {
      yield 1;
      yield 2;
    } finally {
      isCleanedUp = true;
    }
  });
  for await (const item of items) if (item === 1) break;
  await new Promise((resolve) => setImmediate(resolve));
  expect(isCleanedUp).toBe(true);
});

it("an iterator that was never asked does not begin, and one that fails rejects", async () => {
  let hasBegun = false;
  const idle = endable(async function* () {
    hasBegun = true;
    yield 1;
  });
  await idle.return?.();
  expect(await idle.next()).toEqual(DONE);
  expect(hasBegun).toBe(false);
  const failing = endable<number>(async function* () {
    yield 1;
    throw new Error("boom");
  });
  await failing.next();
  await expect(failing.next()).rejects.toThrow("boom");
});
