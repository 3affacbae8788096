import type { ExecutionRecord } from "@waymark/core";
import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { beforeEach, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { migratedServer } from "./migrated-server.ts";

const { url, pool, store } = await migratedServer();
beforeEach(async () => {
  await pool.query("TRUNCATE waymark.executions, waymark.checkpoints");
});

const FUTURE = 8_000_000_000_000_000;

/** A running execution whose lease ends at a time, while the index knows of an earlier one. */
async function running(id: string, lease: { bound: number; end: number }): Promise<ExecutionRecord> {
  const head = await store.createExecution(newExecution(id));
  const sql = "UPDATE waymark.executions SET lease_bound_ms = $2, lease_until_ms = $3 WHERE id = $1";
  await pool.query(sql, [id, lease.bound, lease.end]);
  return head;
}

async function lapsed(limit = 100, from: PostgresCheckpointStore = store): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await from.listExecutions({ leaseExpired: true, limit, ...(cursor && { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

const boundOf = async (id: string) => {
  const { rows } = await pool.query("SELECT lease_bound_ms FROM waymark.executions WHERE id = $1", [id]);
  return Number(rows[0].lease_bound_ms);
};

describe("lapsed leases", () => {
  it.each([1, 2, 100])("are listed by their ends and not by their bounds, on pages of %i", async (limit) => {
    await running("third", { bound: 1, end: 50 });
    await running("second", { bound: 2, end: 40 });
    await running("first", { bound: 3, end: 30 });
    await running("alive", { bound: 2, end: FUTURE });
    expect(await lapsed(limit)).toEqual(["first", "second", "third"]);
    expect(await boundOf("third")).toBe(50);
    expect(await boundOf("alive")).toBe(FUTURE);
  });

  it("are found however many executions have renewed theirs", async () => {
    await running("template", { bound: 1, end: FUTURE });
    const { rows } = await pool.query(
      `SELECT string_agg(quote_ident(attname), ', ') AS rest FROM pg_attribute
       WHERE attrelid = 'waymark.executions'::regclass AND attnum > 0 AND attname <> 'id'`,
    );
    const { rest } = rows[0];
    await pool.query(`INSERT INTO waymark.executions (id, ${rest}) SELECT 'e' || n, ${rest}
      FROM waymark.executions, generate_series(1, 2500) AS n`);
    await running("lapsed", { bound: 7, end: 8 });
    expect(await lapsed()).toEqual(["lapsed"]);
    const { rows: left } = await pool.query("SELECT id FROM waymark.executions WHERE lease_bound_ms < $1", [FUTURE]);
    expect(left).toEqual([{ id: "lapsed" }]);
  });

  it("are found if a commit has made the lease shorter", async () => {
    const head = await store.createExecution(newExecution("short"));
    await store.commit("short", newCommit(head, { leaseMs: 0 }));
    expect(await lapsed()).toEqual(["short"]);
  });

  it("are listed in order, and without waiting, while another transaction changes one of them", async () => {
    await running("second", { bound: 1, end: 50 });
    await running("first", { bound: 2, end: 40 });
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      await client.query("UPDATE waymark.executions SET current_step = 1 WHERE id = 'second'");
      expect(await lapsed(1)).toEqual(["first", "second"]);
    } finally {
      client.release(true);
    }
    expect(await lapsed(1)).toEqual(["first", "second"]);
  });

  it("are listed in order on a server that accepts no writes", async () => {
    await running("second", { bound: 1, end: 50 });
    await running("first", { bound: 2, end: 40 });
    await running("alive", { bound: 2, end: FUTURE });
    const readOnly = new pg.Pool({ connectionString: url, options: "-c default_transaction_read_only=on" });
    const reader = PostgresCheckpointStore.from(readOnly, { migrate: false });
    expect(await lapsed(1, reader)).toEqual(["first", "second"]);
    await reader.close();
    await readOnly.end();
    expect(await boundOf("second")).toBe(1);
  });

  it("leave the index when the execution ends, and return with a claim", async () => {
    const head = await store.createExecution(newExecution("a", { leaseMs: 0 }));
    await store.commit("a", newCommit(head, { head: { status: "suspended" } }));
    expect(await boundOf("a")).toBe(0);
    expect(await lapsed()).toEqual([]);
    const claim = { claimId: "c", owner: "o", leaseMs: 0, from: ["suspended" as const] };
    const { leaseUntil } = await store.claimExecution("a", claim);
    expect(await boundOf("a")).toBe(leaseUntil);
    expect(await lapsed()).toEqual(["a"]);
    const cancel = { code: "CANCELLED", message: "enough" };
    await store.claimExecution("a", { ...claim, claimId: "d", from: ["running"], cancel });
    expect(await boundOf("a")).toBe(0);
    expect(await lapsed()).toEqual([]);
  });
});
