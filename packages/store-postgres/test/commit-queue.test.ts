import { randomUUID } from "node:crypto";
import type { CommitRequest } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { describe, expect, it } from "vitest";
import { CommitQueue } from "../src/commit-queue.ts";
import type { Statement } from "../src/database.ts";
import { ServerDatabase } from "../src/server/server-database.ts";
import { tableNames } from "../src/sql/table-names.ts";
import { migratedServer } from "./migrated-server.ts";

const { pool, store } = await migratedServer();

const database = new ServerDatabase({ pool, owned: false, timeoutMs: 10_000, prepare: true });

/** A queue that notes which statements it sends, and commits that fill it. */
function queueWithLog() {
  const sent: Statement[] = [];
  const queue = new CommitQueue(tableNames(), (statement, values, options) => {
    sent.push(statement);
    return database.run(statement, values, options);
  });
  return { queue, batches: () => sent.filter(({ text }) => text.includes("json_to_recordset")).length, sent };
}

const start = (id: string) => store.createExecution(newExecution(id));
describe("commits that share a statement", () => {
  it("are all made", async () => {
    const { queue, batches } = queueWithLog();
    const heads = await Promise.all(Array.from({ length: 20 }, () => start(randomUUID())));
    const made = await Promise.all(heads.map((head) => queue.commit(head.id, newCommit(head))));
    expect(made).toEqual(heads.map(() => true));
    expect(batches()).toBeGreaterThan(0);
  });

  it("are refused separately", async () => {
    const heads = await Promise.all(Array.from({ length: 40 }, (_, index) => start(`mixed-${index}`)));
    const requests = heads.map(({ token }, index) =>
      index % 4 === 1
        ? newCommit({ token: token - 1, version: 0 })
        : index % 4 === 2
          ? newCommit({ token, version: 7 })
          : newCommit({ token, version: 0 }),
    );
    const results = await Promise.allSettled(
      requests.map((request, index) => store.commit(index % 4 === 3 ? "missing" : `mixed-${index}`, request)),
    );
    const codes = results.map((result) => (result.status === "fulfilled" ? "made" : result.reason.code));
    const expected = ["made", "LEASE_LOST", "VERSION_CONFLICT", "EXECUTION_NOT_FOUND"];
    expect(codes).toEqual(heads.map((_, index) => expected[index % 4]));
  });

  it("of one execution are sent one after the other, and one of them wins", async () => {
    const head = await start("contended");
    const company = await Promise.all(Array.from({ length: 10 }, (_, index) => start(`bystander-${index}`)));
    const results = await Promise.allSettled([
      ...Array.from({ length: 30 }, () => store.commit(head.id, newCommit(head))),
      ...company.map((one) => store.commit(one.id, newCommit(one))),
    ]);
    const codes = results.map((result) => (result.status === "fulfilled" ? "made" : result.reason.code));
    expect(codes.filter((code) => code === "made")).toHaveLength(11);
    expect(codes.filter((code) => code === "VERSION_CONFLICT")).toHaveLength(29);
  });

  it("are recognized when they are sent again", async () => {
    const heads = await Promise.all(Array.from({ length: 20 }, () => start(randomUUID())));
    const requests = heads.map((head) => newCommit(head));
    const sendAll = () => Promise.all(heads.map(({ id }, index) => store.commit(id, requests[index] as CommitRequest)));
    await sendAll();
    await sendAll();
    for (const { id } of heads) expect(await store.getExecution(id)).toMatchObject({ version: 1, seq: 1 });
  });

  it("exclude large payloads, which are sent alone", async () => {
    const { queue, batches, sent } = queueWithLog();
    const heads = await Promise.all(Array.from({ length: 12 }, () => start(randomUUID())));
    const checkpoint = newCheckpoint({ payload: "x".repeat(100_000) });
    await Promise.all(heads.map((head) => queue.commit(head.id, newCommit(head, { checkpoints: [checkpoint] }))));
    expect([batches(), sent.length]).toEqual([0, 12]);
  });
});
