import { isWorkflowError, type NewExecution, systemClock } from "@waymark/core";
import { MAX_TIME_MS } from "@waymark/core/store";
import { MemoryCheckpointStore, type MemoryCheckpointStoreOptions } from "@waymark/store-memory";
import { expect, it } from "vitest";

const snapshot = {
  kind: "snapshot",
  nodeId: "",
  nodeName: "",
  visit: 1,
  stepNumber: 0,
  attempt: 0,
  durationMs: 0,
} as const;
const execution = (id: string): NewExecution => ({
  ...{ id, workflowId: "w", userId: "u", status: "running", currentStep: 0, totalSteps: 1, owner: "o", leaseMs: 1_000 },
  checkpoint: { id: `initial-${id}`, ...snapshot, payload: "{}", timestamp: 0 },
});

it.each<[unknown, string]>([
  [{ clok: systemClock }, 'did you mean "clock"?'],
  [{ maxPayloadbytes: 1 }, 'did you mean "maxPayloadBytes"?'],
  [{ prefix: "a\n" }, '"prefix" is not a known field'],
  [{ clock: null }, "clock must have a function now()"],
  [{ clock: {} }, "clock must have a function now()"],
  [{ clock: { now: 5 } }, "clock must have a function now()"],
  [{ maxPayloadBytes: 0 }, "maxPayloadBytes must be"],
  [{ maxPayloadBytes: "1" }, "maxPayloadBytes must be"],
  [{ maxPayloadBytes: Number.NaN }, "maxPayloadBytes must be"],
  [null, "options must be an object"],
  ["memory://", "options must be an object"],
])("the options %j are refused", (options, message) => {
  const open = () => new MemoryCheckpointStore(options as MemoryCheckpointStoreOptions);
  expect(open).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
  );
});

it("treats an option that is undefined as absent", async () => {
  const options = { clock: undefined, maxPayloadBytes: undefined } as unknown as MemoryCheckpointStoreOptions;
  await using store = new MemoryCheckpointStore(options);
  expect(store.capabilities).toEqual(MemoryCheckpointStore.capabilities);
  expect((await store.createExecution(execution("e"))).createdAt).toBeGreaterThan(1_700_000_000_000);
});

it("cuts fractions off its clock's readings, and ignores readings that are not a time", async () => {
  let reading: unknown;
  const store = new MemoryCheckpointStore({ clock: { now: () => reading as number } });
  const createdAt = async (value: unknown, id: string) => {
    reading = value;
    return (await store.createExecution(execution(id))).createdAt;
  };
  expect(await createdAt(5_000.75, "a")).toBe(5_000);
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY, MAX_TIME_MS + 1, undefined, "x", 1n]) {
    expect(await createdAt(value, String(value))).toBe(5_000);
  }
  expect(await createdAt(5_001, "b")).toBe(5_001);
  const { leaseUntil } = await store.claimExecution("b", {
    ...{ claimId: "c", owner: "p", leaseMs: 0, force: true },
    from: ["running"],
  });
  expect(leaseUntil).toBe(5_001);
});

it("ends a lease that is too long at the latest time that a Date can hold", async () => {
  const store = new MemoryCheckpointStore({ clock: { now: () => MAX_TIME_MS - 10 } });
  expect((await store.createExecution(execution("e"))).leaseUntil).toBe(MAX_TIME_MS);
});

it("handles share the last valid reading of the clock", async () => {
  let reading = 7_000;
  const store = new MemoryCheckpointStore({ clock: { now: () => reading } });
  await store.createExecution(execution("a"));
  reading = Number.NaN;
  expect((await store.reopen().createExecution(execution("b"))).createdAt).toBe(7_000);
});

it("copies the nested objects of a failure", async () => {
  const store = new MemoryCheckpointStore();
  const cause = { message: "refused" };
  const failure = { code: "NODE_FAILED", message: "down", cause } as unknown as NonNullable<NewExecution["failure"]>;
  await store.createExecution({ ...execution("e"), failure });
  cause.message = "changed";
  expect((await store.getExecution("e"))?.failure).toMatchObject({ cause: { message: "refused" } });
});

it("closes one handle without closing the others", async () => {
  const store = new MemoryCheckpointStore();
  await store.reopen().close();
  expect(await store.getExecution("e")).toBeUndefined();
  await store.close();
  const error: unknown = await store.getExecution("e").catch((thrown: unknown) => thrown);
  expect(isWorkflowError(error, "STORE_CLOSED")).toBe(true);
});
