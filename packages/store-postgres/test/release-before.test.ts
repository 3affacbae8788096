import { randomUUID } from "node:crypto";
import type { ExecutionRecord } from "@waymark/core";
import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { createTablesOfBefore, flat, ReleaseBefore } from "./release-before.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
const before = new ReleaseBefore(pool);
let store: PostgresCheckpointStore;
afterAll(async () => {
  await store.close();
  await pool.end();
  await server.stop();
});

beforeAll(async () => {
  await createTablesOfBefore(pool);
  await before.create(newExecution("old-rows", { leaseMs: 0, failure: { code: "X", message: "m" } }));
  await before.send("saveDefinition", { hash: "2:old", json: "{}" });
  store = await PostgresCheckpointStore.connect({ url: server.url });
});

const headOf = async (id: string) => (await store.getExecution(id)) as ExecutionRecord;
const lapsed = async () => (await store.listExecutions({ leaseExpired: true })).items.map(({ id }) => id);
const due = async () => (await store.listExecutions({ due: true })).items.map(({ id }) => id);

/** Commits a node by the release before. */
async function commitBefore(id: string): Promise<void> {
  const { token, version, currentStep } = await headOf(id);
  const { visit: _visit, ...checkpoint } = newCheckpoint();
  const fields = { id, commitId: randomUUID(), token, version, head: { currentStep: currentStep + 1 }, checkpoint };
  expect((await before.send("commit", flat(fields))).rowCount).toBe(1);
}

/** Commits a node by the present release. */
async function commitNow(id: string): Promise<void> {
  const head = await headOf(id);
  await store.commit(id, newCommit(head, { head: { currentStep: head.currentStep + 1 } }));
}

describe("the release before, on tables that the present one has migrated", () => {
  it("has left rows that can be read, listed and claimed", async () => {
    const head = await headOf("old-rows");
    expect(head).toMatchObject({ status: "running", recoveries: 0 });
    expect(head).not.toHaveProperty("unreadable");
    expect((await store.readCheckpoints("old-rows"))[0]).toMatchObject({ seq: 0, visit: 1 });
    expect(await lapsed()).toEqual(["old-rows"]);
    const request = { claimId: "c", owner: "o", leaseMs: 0, from: ["running" as const] };
    expect(await store.claimExecution("old-rows", request)).toMatchObject({
      recoveries: 1,
      failure: { code: "X", message: "m" },
    });
    expect(await store.getDefinition("2:old")).toBe("{}");
    expect(await store.deleteUnusedDefinitions({ olderThanMs: 600_000 })).toBe(0);
    await store.deleteExecutions([{ id: "old-rows" }]);
  });

  it("takes turns with the present one on an execution, node by node", async () => {
    for (const [id, create] of [
      ["made-before", (id: string) => before.create(newExecution(id, { leaseMs: 0 }))],
      ["made-now", (id: string) => store.createExecution(newExecution(id, { leaseMs: 0 }))],
    ] as const) {
      await create(id);
      for (let turn = 0; turn < 3; turn++) {
        await commitBefore(id);
        await commitNow(id);
      }
      expect(await headOf(id)).toMatchObject({ version: 6, seq: 6, checkpointsCount: 6, currentStep: 6 });
      expect(await before.head(id)).toMatchObject({ version: 6, seq: 6, currentStep: 6 });
      expect((await store.readCheckpoints(id)).map(({ visit }) => visit)).toEqual(Array(7).fill(1));
      expect((await before.send("read", { id, from: 0, to: 100 })).rows).toHaveLength(7);
      await store.deleteExecutions([{ id }]);
    }
  });

  it("and the present one claim each other's released executions and find each other's lapsed leases", async () => {
    await store.createExecution(newExecution("claimed", { leaseMs: 0, metadata: { tag: "t" }, deadlineMs: 9 }));
    const from = ["running", "pending", "failed"];
    const claimBefore = (leaseMs: number) =>
      before.send("claim", { id: "claimed", claimId: randomUUID(), owner: "before", leaseMs, from, force: false });
    const claimNow = (leaseMs: number) =>
      store.claimExecution("claimed", { claimId: randomUUID(), owner: "now", leaseMs, from: ["running", "pending"] });
    expect((await claimBefore(0)).rows[0]).toMatchObject({
      owner: "before",
      token: String((await headOf("claimed")).token),
    });
    expect(await lapsed()).toEqual(["claimed"]);
    expect(await claimNow(0)).toMatchObject({ owner: "now", recoveries: 1, metadata: { tag: "t" } });
    expect((await before.send("lapsed", {})).rows).toHaveLength(0);
    expect(await lapsed()).toEqual(["claimed"]);
    await claimBefore(60_000);
    expect(await lapsed()).toEqual([]);
    await expect(claimNow(0)).rejects.toMatchObject({ code: "LEASE_HELD" });
    const { token, version } = await headOf("claimed");
    const end = { id: "claimed", commitId: "e", token, version, "head.status": "pending", "head.wakeAt": 5 };
    expect((await before.send("end", end)).rowCount).toBe(1);
    expect(await due()).toEqual(["claimed"]);
    expect(await claimNow(60_000)).toMatchObject({ recoveries: 0, wakeAt: 5 });
    expect(await due()).toEqual([]);
    await store.deleteExecutions([{ id: "claimed" }]);
  });

  it("commits in a batch, renews a lease and deletes", async () => {
    const { token, version } = await store.createExecution(newExecution("batched", { leaseMs: 0 }));
    const { visit: _visit, ...checkpoint } = newCheckpoint();
    const snake = (name: string) => name.replaceAll(".", "_").replaceAll(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
    const row = Object.entries(flat({ id: "batched", commitId: "b", token, version, checkpoint }));
    const rows = JSON.stringify([Object.fromEntries(row.map(([name, value]) => [snake(name), value]))]);
    expect((await before.send("batch", { rows })).rows).toEqual([{ id: "batched" }]);
    const renewal = { id: "batched", commitId: "r", token, version: version + 1, leaseMs: 60_000 };
    expect((await before.send("renewal", renewal)).rowCount).toBe(1);
    expect(await lapsed()).toEqual([]);
    expect(await headOf("batched")).toMatchObject({ version: 2, seq: 1, checkpointsCount: 1 });
    const refs = JSON.stringify([{ id: "batched", version: 2 }]);
    expect((await before.send("deleteExecutions", { refs })).rows[0].deleted).toBe("1");
    expect(await headOf("batched")).toBeUndefined();
  });
});
