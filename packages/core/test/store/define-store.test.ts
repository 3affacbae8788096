import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createWorkflowEngine, WorkflowState } from "../../src/index.ts";
import {
  type CheckpointStore,
  defineStore,
  encodeCursor,
  interceptStore,
  STORE_INTERFACE,
} from "../../src/store/index.ts";
import { newCommit } from "./requests.ts";
import { CAPABILITIES, calls, driverWith, HEAD, storeWith } from "./stub-driver.ts";

/** Returns a promise, and the functions that settle it. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

it("has the given capabilities, which cannot be changed", () => {
  const { capabilities } = defineStore(CAPABILITIES, driverWith({}));
  expect(capabilities).toEqual(CAPABILITIES);
  expect(Object.isFrozen(capabilities)).toBe(true);
});

it.each([
  [[], /capabilities: must be an object \{ durable, multiProcess, maxPayloadBytes \}, but is missing/],
  [[{ get: () => 1 }], /capabilities: durable: must be true or false, but is missing/],
  [[CAPABILITIES], /driver: must be a StoreDriver, but is missing/],
  [[CAPABILITIES, class Driver {}], /driver: must be a StoreDriver, not the class "Driver"/],
  [[CAPABILITIES, Promise.resolve(driverWith({}))], /driver: must be a StoreDriver, not a Promise/],
  [[CAPABILITIES, { ...driverWith({}), commit: undefined }], /driver: has no "commit": write a method for each/],
  [
    [{ ...CAPABILITIES, maxPayloadBytes: undefined }, driverWith({})],
    /capabilities: maxPayloadBytes: must be a number of bytes, 1 or more, but is missing/,
  ],
])("is refused if it is made of %j", (given, message) => {
  const make = defineStore as (...given: unknown[]) => unknown;
  expect(() => make(...given)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringMatching(message) }),
  );
});

it("has the version of the store interface that its driver names, or else core's own", () => {
  expect(defineStore(CAPABILITIES, driverWith({})).interfaceVersion).toBe(STORE_INTERFACE);
  expect(defineStore(CAPABILITIES, driverWith({ interfaceVersion: 7 })).interfaceVersion).toBe(7);
});

it("is refused by an engine of another version of the interface, also behind interceptStore()", () => {
  const engineOn = (store: CheckpointStore) => createWorkflowEngine({ store, workflows: [], executors: {} });
  const newer = defineStore(CAPABILITIES, driverWith({ interfaceVersion: STORE_INTERFACE + 1 }));
  for (const store of [newer, interceptStore(newer, (_method, call) => call())]) {
    const refusal = expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/store.* has version 2 of the store interface, .* has version 1.*npm ls/),
    });
    expect(() => engineOn(store)).toThrow(refusal);
    expect(() => WorkflowState.withStore(store)).toThrow(refusal);
  }
  expect(() => engineOn({ ...interceptStore(newer, (_method, call) => call()), interfaceVersion: 1 })).not.toThrow();
});

it.each(Object.entries(calls))(
  "%s after close rejects with STORE_CLOSED and does not reach the driver",
  async (_name, call) => {
    for (const setup of [undefined, vi.fn(async () => {})]) {
      const store = storeWith(setup === undefined ? {} : { setup });
      await store.close();
      await expect(call(store)).rejects.toMatchObject({ code: "STORE_CLOSED" });
      expect(setup ?? vi.fn()).not.toHaveBeenCalled();
    }
  },
);

const methods = Object.keys(calls).filter((name) => name !== "setup") as Exclude<
  keyof CheckpointStore,
  "transaction"
>[];
it.each(methods)("%s with a wrong argument does not reach the driver, not even its setup", async (name) => {
  const setup = vi.fn(async () => {});
  const store = storeWith({ setup });
  const method = store[name] as unknown as (...values: unknown[]) => Promise<unknown>;
  const wrong = name === "listExecutions" ? [{ another: 1 }] : [1, 1];
  await expect(method.apply(store, wrong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(setup).not.toHaveBeenCalled();
});

it("sets up once for several calls at once", async () => {
  const ready = deferred<void>();
  const setup = vi.fn(() => ready.promise);
  const readDefinition = vi.fn(async () => "{}");
  const store = storeWith({ setup, readDefinition });
  const racing = Array.from({ length: 10 }, () => store.getDefinition("h"));
  await Promise.resolve();
  expect(readDefinition).not.toHaveBeenCalled();
  ready.resolve();
  expect(await Promise.all(racing)).toEqual(Array(10).fill("{}"));
  await store.setup();
  expect(setup).toHaveBeenCalledTimes(1);
});

it("sets up again after a failure, with which all waiting calls reject", async () => {
  const setup = vi.fn(async () => {});
  setup.mockRejectedValueOnce(new Error("no database"));
  const store = storeWith({ setup, commit: async () => undefined });
  const racing = [store.commit("e1", newCommit()), store.setup(), store.commit("e1", newCommit())];
  for (const call of racing) await expect(call).rejects.toThrow("no database");
  await store.commit("e1", newCommit());
  expect(setup).toHaveBeenCalledTimes(2);
});

it("makes no call if the store is closed during the setup", async () => {
  const ready = deferred<void>();
  const order: string[] = [];
  const store = storeWith({
    setup: () => ready.promise,
    readDefinition: async () => void order.push("read"),
    close: async () => void order.push("close"),
  });
  const read = store.getDefinition("h");
  const closed = store.close();
  ready.resolve();
  await expect(read).rejects.toMatchObject({ code: "STORE_CLOSED" });
  await closed;
  expect(order).toEqual(["close"]);
});

it("closes the driver once if it is closed several times and by `await using`", async () => {
  const close = vi.fn(async () => {});
  {
    await using store = storeWith({ close });
    await Promise.all([store.close(), store.close()]);
  }
  expect(close).toHaveBeenCalledTimes(1);
});

/** Waits until all code that only waits for promises has run. */
const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("waits for calls in progress before it closes the driver, and leaves no timer", async () => {
  const [reading, committing] = [deferred<string>(), deferred<undefined>()];
  const close = vi.fn(async () => {});
  const store = storeWith({ readDefinition: () => reading.promise, commit: () => committing.promise, close });
  const [read, commit] = [store.getDefinition("h"), store.commit("e1", newCommit())];
  await settled();
  const closed = store.close();
  reading.resolve("{}");
  expect(await read).toBe("{}");
  await settled();
  expect(close).not.toHaveBeenCalled();
  committing.resolve(undefined);
  await Promise.all([commit, closed]);
  expect(close).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

it("closes the driver after 5 seconds even if calls are still in progress", async () => {
  const close = vi.fn(async () => {});
  const store = storeWith({ readDefinition: () => new Promise<never>(() => {}), close });
  void store.getDefinition("h");
  await settled();
  const closed = store.close();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(close).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await closed;
  expect(close).toHaveBeenCalledTimes(1);
});

it("deletes up to 100 executions at a time, adds the numbers, and passes only the fields of references", async () => {
  const chunks: unknown[][] = [];
  const store = storeWith({
    deleteExecutions: async (refs) => {
      chunks.push([...refs]);
      return refs.length - 1;
    },
  });
  const refs = Array.from({ length: 250 }, (_, at) => (at === 0 ? HEAD : { id: `e${at}` }));
  expect(await store.deleteExecutions(refs)).toBe(247);
  expect(chunks.map((chunk) => chunk.length)).toEqual([100, 100, 50]);
  expect(chunks[0]?.[0]).toEqual({ id: "e1", version: HEAD.version, token: HEAD.token });
  expect(chunks[2]?.at(-1)).toEqual({ id: "e249" });
  expect(await store.deleteExecutions([])).toBe(0);
});

it("makes a cursor from the last row of a page if another page follows", async () => {
  const rows = ["a", "b", "c"].map((id, at) => ({ record: { ...HEAD, id, createdAt: at, wakeAt: 10 + at } }));
  const store = storeWith({ listExecutions: async ({ limit }) => rows.slice(0, limit + 1) });
  const page = await store.listExecutions({ limit: 2 });
  expect(page.items.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(page.nextCursor).toBe(encodeCursor("createdAt", { time: 1, id: "b" }));
  expect((await store.listExecutions({ limit: 2, due: true })).nextCursor).toBe(
    encodeCursor("wakeAt", { time: 11, id: "b" }),
  );
  expect(Object.keys(await store.listExecutions({ limit: 3 }))).toEqual(["items"]);
});

it("makes the cursor from the driver's position if the last row cannot be read", async () => {
  const damaged = { record: { ...HEAD, id: "", createdAt: 0, unreadable: ["id"] }, position: { time: 7, id: "real" } };
  const store = storeWith({ listExecutions: async () => [damaged, { record: HEAD }] });
  const { nextCursor = "", items } = await store.listExecutions({ limit: 1 });
  expect(items).toEqual([damaged.record]);
  expect(nextCursor).toBe(encodeCursor("createdAt", { time: 7, id: "real" }));
  const read = vi.fn(async () => []);
  await storeWith({ listExecutions: read }).listExecutions({ limit: 1, cursor: nextCursor });
  expect(read).toHaveBeenCalledWith(expect.objectContaining({ after: { time: 7, id: "real" }, limit: 1 }));
});

it("rejects with EXECUTION_NOT_FOUND if a history does not exist", async () => {
  const store = storeWith({ readRecords: async () => undefined });
  await expect(store.readCheckpoints("e1")).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
});

it("rejects with a driver's own error, and can be closed afterwards", async () => {
  const close = vi.fn(async () => {});
  const store = storeWith({
    commit: async () => {
      throw new Error("boom");
    },
    close,
  });
  await expect(store.commit("e1", newCommit())).rejects.toThrow("boom");
  await store.close();
  expect(close).toHaveBeenCalledTimes(1);
});
