import { randomUUID } from "node:crypto";
import { type CommandFailedEvent, type CommandSucceededEvent, MongoClient } from "mongodb";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { type DocumentDb, hasDocumentDb, startMongo, startOwnDocumentDb } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

it("a creation with a taken id (11000) is EXECUTION_ALREADY_EXISTS and leaves nothing", async () => {
  const server = await startMongo();
  const client = await new MongoClient(server.url, { monitorCommands: true }).connect();
  try {
    const collectionPrefix = `taken_${randomUUID().slice(0, 8)}_`;
    const store = MongoCheckpointStore.from(client, { database: "waymark", collectionPrefix });
    await store.createExecution(newExecution("e1"));
    const documents = client.db("waymark").collection(`${collectionPrefix}executions`);
    const before = await documents.find().toArray();
    const codes: unknown[] = [];
    client.on("commandSucceeded", ({ reply }: CommandSucceededEvent) => {
      for (const { code } of (reply as { writeErrors?: { code: number }[] }).writeErrors ?? []) codes.push(code);
    });
    await expect(store.createExecution(newExecution("e1"))).rejects.toMatchObject({ code: "EXECUTION_ALREADY_EXISTS" });
    expect(codes).toEqual([11000]);
    expect(await documents.find().toArray()).toEqual(before);
  } finally {
    await client.close();
    await server.stop();
  }
});

// The engine comes from Debian's packages; its absence shows as a skipped test.
describe.skipIf(!hasDocumentDb())("a server that is not as it should be", () => {
  let server: DocumentDb;
  beforeAll(async () => {
    server = await startOwnDocumentDb();
  });
  afterAll(() => server.stop());

  it("a user with read permission can read; a write is reported as a missing permission and changes nothing", async () => {
    await using owner = await MongoCheckpointStore.connect({ url: server.url });
    const head = await owner.createExecution(newExecution("e1"));
    await server.engine.query(`
      CREATE ROLE reader LOGIN IN ROLE documentdb_readonly_role;
      GRANT USAGE ON SCHEMA documentdb_core, documentdb_data TO reader;
      GRANT SELECT ON ALL TABLES IN SCHEMA documentdb_data TO reader`);
    const url = await server.gatewayAs("reader");
    await using store = await MongoCheckpointStore.connect({ url, createIndexes: false });
    const refused = { code: "STORE_UNAVAILABLE", details: { reason: "permission", mongoCode: 13 } };
    const same = { ...head, readAt: expect.any(Number) };
    expect(await store.getExecution("e1")).toEqual(same);
    for (const options of [{}, { due: true }, { leaseExpired: true }, { status: "running" as const }]) {
      const { items } = await store.listExecutions(options);
      expect(items).toEqual("due" in options || "leaseExpired" in options ? [] : [same]);
    }
    await expect(store.commit("e1", newCommit(head))).rejects.toMatchObject(refused);
    await expect(store.createExecution(newExecution("e2"))).rejects.toMatchObject(refused);
    await expect(store.deleteExecutions([{ id: "e1", version: 0 }])).rejects.toMatchObject(refused);
    await expect(MongoCheckpointStore.connect({ url, collectionPrefix: "other_" })).rejects.toMatchObject(refused);
    expect((await owner.listExecutions()).items).toEqual([same]);
  });

  it("a commit during a shutdown (91) waits until the server is back, and takes effect once", async () => {
    // The driver asks for the server's state only once something has failed.
    const options = { monitorCommands: true, heartbeatFrequencyMS: 600_000 };
    const client = await new MongoClient(server.url, options).connect();
    const store = MongoCheckpointStore.from(client, { timeoutMs: 60_000, collectionPrefix: "shutdown_" });
    const codes = new Set<unknown>();
    client.on("commandFailed", ({ failure }: CommandFailedEvent) => codes.add((failure as { code?: unknown }).code));
    client.on("serverHeartbeatFailed", ({ failure }) => codes.add((failure as { code?: unknown }).code));
    const head = await store.createExecution(newExecution("e1"));
    const request = newCommit(head);
    await server.engine.beginShutDown();
    const commit = store.commit("e1", request);
    await expect.poll(() => codes, { timeout: 30_000 }).toContain(91);
    const brief = MongoCheckpointStore.from(client, { timeoutMs: 500, collectionPrefix: "shutdown_" });
    await expect(brief.commit("e1", request)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await server.engine.restart();
    await commit;
    await store.commit("e1", request);
    expect(await store.getExecution("e1")).toMatchObject({ version: 1, seq: 1 });
    await client.close();
  });
});
