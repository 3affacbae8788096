import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { isWorkflowError } from "@waymark/core";
import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnPostgres, startTcpProxy } from "tooling/test-servers";
import { untilAccepted } from "tooling/until-accepted";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startOwnPostgres({ settings: { max_connections: "20" } });
afterAll(() => server.stop());
const { hostname, port } = new URL(server.url);
const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
afterAll(() => proxy.close());
const admin = new pg.Pool({ connectionString: server.url, max: 1, idleTimeoutMillis: 0 });
admin.on("error", () => {});
afterAll(() => admin.end());

const TIMEOUT_MS = 1_500;
// Beyond the limit that is stated: what a busy machine may add.
const SLACK_MS = 5_000;
const open: PostgresCheckpointStore[] = [];
afterEach(async () => {
  proxy.resume();
  await Promise.all(open.splice(0).map((store) => store.close()));
});

async function connect(options: { url?: string; timeoutMs?: number; poolSize?: number } = {}) {
  const store = await PostgresCheckpointStore.connect({ url: server.url, poolSize: 4, ...options });
  open.push(store);
  return store;
}

let ids = 0;
async function started(store: PostgresCheckpointStore) {
  return store.createExecution(newExecution(`e${++ids}`));
}

async function refusalOf(call: Promise<unknown>) {
  const begin = performance.now();
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  expect(performance.now() - begin).toBeLessThan(TIMEOUT_MS + SLACK_MS);
  expect(isWorkflowError(error), String(error)).toBe(true);
  return error;
}

const unavailable = (reason: string) => ({ code: "STORE_UNAVAILABLE", details: { reason } });

describe("a network that fails", () => {
  it("after a commit loses its answer: the commit is sent again and takes effect once", async () => {
    const store = await connect({ url: proxy.urlFor(server.url) });
    const head = await started(store);
    for (let version = 0; version < 5; version++) {
      proxy.dropNextAnswer();
      await store.commit(head.id, newCommit({ token: head.token, version }));
    }
    expect(await store.getExecution(head.id)).toMatchObject({ version: 5, seq: 5 });
    expect(await store.readCheckpoints(head.id)).toHaveLength(6);
  });

  it("after a claim or a creation: the call is sent again and takes effect once", async () => {
    const store = await connect({ url: proxy.urlFor(server.url) });
    await store.getExecution("warm");
    proxy.dropNextAnswer();
    const head = await started(store);
    expect(head).toMatchObject({ version: 0, seq: 0 });
    proxy.dropNextAnswer();
    const request = { claimId: "c1", owner: "o2", leaseMs: 60_000, from: ["running" as const], force: true };
    const claimed = await store.claimExecution(head.id, request);
    expect(await store.getExecution(head.id)).toEqual({ ...claimed, readAt: expect.any(Number) });
  });

  it("and leaves every connection of the pool dead: the next calls work", async () => {
    const store = await connect({ url: proxy.urlFor(server.url) });
    const head = await started(store);
    await Promise.all(Array.from({ length: 8 }, () => store.readCheckpoints(head.id, { order: "desc" })));
    await expect.poll(() => proxy.connections, { timeout: 30_000 }).toBe(4);
    proxy.cut();
    const histories = Promise.all(Array.from({ length: 8 }, () => store.readCheckpoints(head.id, { order: "desc" })));
    expect(await store.getExecution(head.id)).toEqual({ ...head, readAt: expect.any(Number) });
    expect((await histories).map((records) => records.length)).toEqual(Array(8).fill(1));
  });

  it("silently: STORE_UNAVAILABLE within timeoutMs, and the same store works afterwards", async () => {
    const { id } = await started(await connect());
    const store = await connect({ url: proxy.urlFor(server.url), timeoutMs: TIMEOUT_MS });
    const head = (await store.getExecution(id)) ?? expect.unreachable();
    proxy.stall();
    const request = newCommit(head);
    const refusals = await Promise.all(Array.from({ length: 6 }, () => refusalOf(store.commit(head.id, request))));
    for (const refusal of refusals) expect(refusal).toMatchObject(unavailable("timeout"));
    proxy.resume();
    await untilAccepted(() => store.commit(head.id, request));
    expect(await store.getExecution(head.id)).toMatchObject({ version: 1 });
  });

  it("silently while connecting: STORE_UNAVAILABLE within timeoutMs", async () => {
    proxy.stall();
    const refusal = await refusalOf(connect({ url: proxy.urlFor(server.url), timeoutMs: TIMEOUT_MS }));
    expect(refusal).toMatchObject(unavailable("timeout"));
  });
});

/** Starts a server that accepts every login and reports 57P01, in one packet. */
async function startDyingServer(): Promise<{ port: number; close(): void }> {
  const message = (type: string, body: string) => {
    const bytes = Buffer.from(`${type}\0\0\0\0${body}`, "latin1");
    bytes.writeUInt32BE(bytes.length - 1, 1);
    return bytes;
  };
  const fatal = message("E", "SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0");
  const packet = Buffer.concat([message("R", "\0\0\0\0"), message("Z", "I"), fatal]);
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(packet));
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  return { port: (listener.address() as AddressInfo).port, close: () => listener.close() };
}

/** Takes every connection that the server has, once no session is left that could give one back meanwhile. */
async function occupyAll(): Promise<pg.Client[]> {
  const sessions = "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  await expect.poll(async () => (await admin.query(sessions)).rowCount, { timeout: 30_000 }).toBe(0);
  const taken: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client({ connectionString: server.url });
    client.on("error", () => {});
    const refusal = await client.connect().then(
      () => undefined,
      (error) => error,
    );
    if (refusal) {
      expect(refusal.code).toBe("53300");
      return taken;
    }
    taken.push(client);
  }
}

describe("a server that fails", () => {
  it("by ending every session (57P01, a failover): the next calls work", async () => {
    const store = await connect();
    const head = await started(store);
    await Promise.all(Array.from({ length: 8 }, () => store.readCheckpoints(head.id, { order: "desc" })));
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'waymark'");
    await store.commit(head.id, newCommit(head));
    expect(await store.getExecution(head.id)).toMatchObject({ version: 1 });
  });

  it("by dying: STORE_UNAVAILABLE while it is gone, and the same store works when it is back", async () => {
    const store = await connect();
    const head = await started(store);
    await store.commit(head.id, newCommit(head));
    await server.kill();
    const refusal = await refusalOf(store.commit(head.id, newCommit({ token: head.token, version: 1 })));
    expect(refusal).toMatchObject(unavailable("connection"));
    await server.restart();
    expect(await store.getExecution(head.id)).toMatchObject({ version: 1 });
    await store.commit(head.id, newCommit({ token: head.token, version: 1 }));
  });

  it("by ending a connection with the packet that opens it: an error, and the process survives", async () => {
    const dying = await startDyingServer();
    const refusal = await refusalOf(connect({ url: `postgres://u:p@127.0.0.1:${dying.port}/d` }));
    expect(refusal.code).toBe("STORE_UNAVAILABLE");
    dying.close();
  });

  it("by having no connection left: connections_exhausted", async () => {
    const blockers = await occupyAll();
    try {
      const refusal = await refusalOf(connect());
      expect(refusal).toMatchObject(unavailable("connections_exhausted"));
      expect(refusal.message).toContain("poolSize");
    } finally {
      await Promise.all(blockers.map((blocker) => blocker.end()));
    }
  });

  it("by a deadlock or a serialization failure: the statement is sent again", async () => {
    await admin.query("ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'");
    const [one, other] = [await connect(), await connect()];
    await admin.query("ALTER DATABASE postgres RESET default_transaction_isolation");
    const head = await started(one);
    const requests = Array.from({ length: 8 }, () => newCommit(head));
    const results = await Promise.allSettled(
      requests.map((request, index) => (index % 2 ? one : other).commit(head.id, request)),
    );
    const codes = results.map((result) => (result.status === "fulfilled" ? "won" : result.reason.code));
    expect(codes.toSorted()).toEqual([...Array(7).fill("VERSION_CONFLICT"), "won"]);
  });
});

describe("a wrong configuration is reported with its reason", () => {
  const address = (changes: Partial<Pick<URL, "password" | "pathname" | "username" | "port">>) =>
    Object.assign(new URL(server.url), changes).href;

  it.each([
    ["wrong password", { password: "wrong" }, "authentication", "password"],
    ["unknown user", { username: "nobody" }, "authentication", "user"],
    ["missing database", { pathname: "/nowhere" }, "database_missing", "Create it"],
    ["nobody listening", { port: "1" }, "connection", "cannot be reached"],
  ] as const)("%s", async (_what, changes, reason, words) => {
    const refusal = await refusalOf(connect({ url: address(changes) }));
    expect(refusal).toMatchObject(unavailable(reason));
    expect(refusal.message).toContain(words);
  });

  it("no permission", async () => {
    await admin.query("CREATE ROLE limited LOGIN PASSWORD 'limited'");
    const url = address({ username: "limited", password: "limited" });
    const refusal = await refusalOf(PostgresCheckpointStore.connect({ url, schema: "forbidden" }));
    expect(refusal).toMatchObject(unavailable("permission"));
    expect(refusal.message).toContain("Grant");
  });

  it("a server that accepts no writes", async () => {
    await connect();
    const url = new URL(server.url);
    url.searchParams.set("options", "-c default_transaction_read_only=on");
    const store = await connect({ url: url.href });
    expect(await refusalOf(started(store))).toMatchObject(unavailable("read_only"));
  });

  it("a server without TLS, if the address requires it", async () => {
    const url = new URL(server.url);
    url.searchParams.set("sslmode", "require");
    expect(await refusalOf(connect({ url: url.href }))).toMatchObject(unavailable("tls"));
  });

  it("a database that is not in UTF-8", async () => {
    await admin.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    const refusal = await refusalOf(connect({ url: address({ pathname: "/latin" }) }));
    expect(refusal.message).toContain("ENCODING 'UTF8'");
  });
});

describe("a large state", () => {
  it("of 16 MB is kept and read", async () => {
    const store = await connect({ timeoutMs: 60_000 });
    const head = await started(store);
    const payload = JSON.stringify({ text: "0123456789abcdef".repeat(1024 * 1024) });
    await store.commit(head.id, newCommit(head, { checkpoints: [newCheckpoint({ kind: "snapshot", payload })] }));
    const [record] = await store.readCheckpoints(head.id, { from: 1 });
    expect(record?.payload === payload).toBe(true);
  });
});
