import { describe, expect, it } from "vitest";
import type { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { runConformance } from "../../src/conformance/index.ts";
import * as broken from "./broken-stores.ts";

describe("a store with a typical mistake", () => {
  it.each<[what: string, invariant: number, Store: new () => MemoryCheckpointStore]>([
    ["last write wins", 2, broken.WithoutVersions],
    ["head and checkpoint in two steps", 1, broken.InTwoSteps],
    ["tokens by owner id", 3, broken.TokensByOwner],
    ["leases by Date.now()", 4, broken.LeasesByCaller],
    ["a cursor by offset", 10, broken.CursorByOffset],
    ["ten rows if there is no limit", 10, broken.TenRows],
    ["ids compared after lower-casing", 8, broken.IdsInLowerCase],
    ["payloads through JSON", 9, broken.PayloadsAsJson],
    ["a retried commit raises the version again", 6, broken.RetriesCount],
    ["records left behind under an id that is created again", 12, broken.RecordsLeftBehind],
  ])("%s: the suite reports invariant %i", async (_what, invariant, Store) => {
    const report = await runConformance({
      name: Store.name,
      capabilities: new Store().capabilities,
      open: async () => {
        const store = new Store();
        return { store, reopen: async () => store.reopen(), close: () => store.close() };
      },
      timeoutMs: 10_000,
    });
    const names = report.cases.filter(({ status }) => status === "failed").map((one) => one.invariant);
    expect(names).toContain(invariant);
  });
});
