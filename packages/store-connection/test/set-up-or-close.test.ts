import { DefinedStore, type StoreDriver } from "@waymark/core/store";
import { expect, it } from "vitest";
import { setUpOrClose } from "../src/index.ts";

function storeOf(steps: { setup: () => Promise<void>; close: () => Promise<void> }): DefinedStore {
  const capabilities = { durable: false, multiProcess: false, maxPayloadBytes: 1 };
  const unused = async (): Promise<never> => {
    throw new Error("Only the set-up is called.");
  };
  const driver: StoreDriver = {
    createExecution: unused,
    readHead: unused,
    claimExecution: unused,
    commit: unused,
    isSnapshot: unused,
    readRecords: unused,
    listExecutions: unused,
    saveDefinition: unused,
    readDefinition: unused,
    deleteUnusedDefinitions: unused,
    deleteExecutions: unused,
    ...steps,
  };
  return new DefinedStore(capabilities, driver);
}

it("a store whose set-up succeeds is returned open", async () => {
  let isClosed = false;
  const store = storeOf({
    setup: async () => {},
    close: async () => {
      isClosed = true;
    },
  });
  expect(await setUpOrClose(store)).toBe(store);
  expect(isClosed).toBe(false);
});

it("a store whose set-up fails is closed, and the failure is the set-up's even if closing fails too", async () => {
  let isClosed = false;
  const store = storeOf({
    setup: () => Promise.reject(new Error("set-up")),
    close: async () => {
      isClosed = true;
      throw new Error("close");
    },
  });
  await expect(setUpOrClose(store)).rejects.toThrow("set-up");
  expect(isClosed).toBe(true);
});
