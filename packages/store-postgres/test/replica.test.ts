import { type CheckpointStore, isWorkflowError } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startPostgresPair, startTcpProxy } from "tooling/test-servers";
import { untilAccepted } from "tooling/until-accepted";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore, type PostgresConnectOptions } from "../src/index.ts";
import { MIGRATION_NAMES } from "../src/schema/migration-names.ts";

const TIMEOUT_MS = 1_500;
// Beyond the limit that is stated: what a busy machine may add.
const SLACK_MS = 5_000;

const pair = await startPostgresPair();
afterAll(() => pair.stop());
const primary = await PostgresCheckpointStore.connect({ url: pair.primary.url });
afterAll(() => primary.close());
const head = await primary.createExecution(newExecution("replicated"));
await primary.commit(head.id, newCommit(head));
await primary.saveDefinition("hash", "{}");
await pair.catchUp();
const large = newCheckpoint({ payload: JSON.stringify("x".repeat(100_000)) });

/** Returns the error with which a call rejects within timeoutMs. */
async function refusalOf(call: Promise<unknown>) {
  const begin = performance.now();
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  expect(performance.now() - begin).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  expect(isWorkflowError(error, "STORE_UNAVAILABLE"), String(error)).toBe(true);
  return error;
}

async function onStandby(options: Partial<PostgresConnectOptions> = {}): Promise<PostgresCheckpointStore> {
  return PostgresCheckpointStore.connect({ url: pair.standby.url, ...options });
}

describe("a read-only standby", () => {
  it.each([[true], [false]])("can be read from, with `migrate: %s`", async (migrate) => {
    await using store = await onStandby({ migrate });
    expect(await store.getExecution(head.id)).toEqual({
      ...(await primary.getExecution(head.id)),
      readAt: expect.any(Number),
    });
    expect(await store.readCheckpoints(head.id)).toEqual(await primary.readCheckpoints(head.id));
    const listed = (await primary.listExecutions()).items.map((one) => ({ ...one, readAt: expect.any(Number) }));
    expect((await store.listExecutions()).items).toEqual(listed);
    expect(await store.getDefinition("hash")).toBe("{}");
  });

  const claim = { claimId: "c", owner: "o", leaseMs: 1_000, from: ["running" as const], force: true };

  it.each<[string, (store: CheckpointStore) => Promise<unknown>]>([
    ["a creation", (store) => store.createExecution(newExecution("refused"))],
    ["a claim", (store) => store.claimExecution(head.id, claim)],
    ["a commit", (store) => store.commit(head.id, newCommit({ ...head, version: 1 }))],
    ["a large commit", (store) => store.commit(head.id, newCommit({ ...head, version: 1 }, { checkpoints: [large] }))],
    ["a definition", (store) => store.saveDefinition("other", "{}")],
    ["a deletion", (store) => store.deleteExecutions([{ id: head.id, version: 1 }])],
  ])("refuses %s as read_only, with advice", async (_what, write) => {
    await using store = await onStandby();
    const refusal = await refusalOf(write(store));
    expect(refusal.details).toMatchObject({ reason: "read_only", sqlState: "25006" });
    expect(refusal.message).toContain("Connect to the primary");
    expect(await store.getExecution(head.id)).toMatchObject({ version: 1 });
  });

  it("refuses each of many commits of the same time", async () => {
    await using store = await onStandby();
    const commits = Array.from({ length: 40 }, () => store.commit(head.id, newCommit({ ...head, version: 1 })));
    for (const refusal of await Promise.all(commits.map(refusalOf))) {
      expect(refusal.details).toMatchObject({ reason: "read_only" });
    }
  });

  it("refuses migrations; with `migrate: false`, the error names those that are missing", async () => {
    const migrated = await refusalOf(onStandby({ schema: "missing" }));
    expect(migrated.details).toMatchObject({ reason: "read_only" });
    expect(migrated.message).toContain("Connect to the primary");
    const checked = await refusalOf(onStandby({ schema: "missing", migrate: false }));
    expect(checked.details).toMatchObject({ reason: "schema", migrations: [...MIGRATION_NAMES] });
  });
});

describe("an address that led to the standby", () => {
  it("and now leads to the primary sends the next write there, although connections to the standby are open", async () => {
    const proxy = await startTcpProxy(targetOf(pair.standby.url));
    const store = await PostgresCheckpointStore.connect({ url: proxy.urlFor(pair.standby.url), poolSize: 4 });
    await Promise.all(Array.from({ length: 8 }, () => store.readCheckpoints(head.id, { order: "desc" })));
    await expect.poll(() => proxy.connections, { timeout: 30_000 }).toBe(4);
    await refusalOf(store.createExecution(newExecution("moved")));
    proxy.pointAt(targetOf(pair.primary.url));
    await store.createExecution(newExecution("moved"));
    await store.close();
    await proxy.close();
  });
});

function targetOf(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

describe("a primary that waits for its standby", () => {
  it("without success is STORE_UNAVAILABLE in time; sent again later, the commit takes effect once", async () => {
    await pair.makeSynchronous();
    const { id, token } = await primary.createExecution(newExecution("waiting"));
    const options = { url: pair.primary.url, timeoutMs: TIMEOUT_MS, migrate: false };
    await using store = await PostgresCheckpointStore.connect(options);
    await pair.standby.kill();
    const request = newCommit({ token, version: 0 });
    const refusal = await refusalOf(store.commit(id, request));
    expect(refusal.details).toMatchObject({ reason: "timeout" });
    await pair.standby.restart();
    await untilAccepted(() => store.commit(id, request));
    expect(await primary.getExecution(id)).toMatchObject({ version: 1, seq: 1 });
    expect(await primary.readCheckpoints(id)).toHaveLength(2);
  });
});
