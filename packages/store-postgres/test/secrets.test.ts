import { inspect } from "node:util";
import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { openPGlite, startOwnPostgres, startTcpProxy } from "tooling/test-servers";
import { DataSource } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore, type PostgresConnectOptions } from "../src/index.ts";

const USER = "marker_user";
const PASSWORD = "marker-password";
const CONTEXT = "marker-context";
const server = await startOwnPostgres();
const admin = new pg.Pool({ connectionString: server.url });
admin.on("error", () => {});
await admin.query(`CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD}'`);
await admin.query(`GRANT CREATE ON DATABASE postgres TO ${USER}`);
afterAll(async () => {
  await admin.end();
  await server.stop();
});

/** The server's address for the marked user, with changes. */
function address(changes: Partial<Record<"username" | "password" | "pathname" | "port" | "search", string>> = {}) {
  return Object.assign(new URL(server.url), { username: USER, password: PASSWORD, ...changes }).href;
}

/** Everything that can be read of a value: what `inspect` shows, and all own properties of it and of what is in them. */
function everythingIn(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (seen.has(value)) return "";
  seen.add(value);
  const parts = Reflect.ownKeys(value).map(
    (key) => `${String(key)}: ${everythingIn((value as Record<PropertyKey, unknown>)[key], seen)}`,
  );
  return [inspect(value, { depth: 20, showHidden: true, getters: true }), String(value), ...parts].join("\n");
}

async function refusalOf(call: Promise<unknown> | (() => unknown)) {
  try {
    await (typeof call === "function" ? call() : call);
  } catch (error) {
    return error as { code: string; message: string; cause?: unknown };
  }
  return expect.unreachable("The call was not refused.");
}

function expectClean(error: unknown): void {
  expect(error).toMatchObject({ name: "WorkflowError" });
  const text = everythingIn(error);
  expect(text).not.toContain("marker");
  expect(decodeURIComponent(text.replaceAll("%", "%25"))).not.toContain("marker");
}

describe("an address", () => {
  it.each<[string, PostgresConnectOptions]>([
    ["with an invalid port", { url: `postgres://${USER}:${PASSWORD}@127.0.0.1:99999/db` }],
    ["with a slash in its password", { url: `postgres://${USER}:${PASSWORD}/x@127.0.0.1/db` }],
    ["with a number sign in its password", { url: `postgres://${USER}:${PASSWORD}#x@127.0.0.1/db` }],
    ["whose password has an at sign and a slash", { url: `postgres://${USER}:p@${PASSWORD}/x@127.0.0.1/db` }],
    [
      "whose password has an at sign and a query",
      { directUrl: `postgres://${USER}:p@${PASSWORD}?x@h/db`, url: address() },
    ],
    ["with an invalid escape", { url: `postgres://${USER}:${PASSWORD}%zz@127.0.0.1:1/db` }],
    ["of another kind", { url: `mysql://${USER}:${PASSWORD}@127.0.0.1/db` }],
    [
      "with a certificate that does not exist",
      { url: address({ search: "?sslmode=verify-full&sslrootcert=/nowhere.pem" }) },
    ],
    ["for migrations that cannot be read", { url: address(), directUrl: `postgres://${USER}:${PASSWORD}@[/db` }],
  ])("%s is not repeated in the error", async (_what, options) => {
    expectClean(await refusalOf(PostgresCheckpointStore.connect(options)));
  });

  it("as the name of an option is not repeated in the error", async () => {
    const options = { [`postgres://${USER}:${PASSWORD}@h/d`]: true, url: address() };
    const error = await refusalOf(PostgresCheckpointStore.connect(options));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(everythingIn(error)).not.toContain(PASSWORD);
  });
});

describe("a login", () => {
  it.each<[string, PostgresConnectOptions]>([
    ["with a wrong password", { url: address({ password: `${PASSWORD}-wrong` }) }],
    ["of an unknown user", { url: address({ username: `${USER}_unknown` }) }],
    ["to a database that does not exist", { url: address({ pathname: "/nowhere" }) }],
    ["to a port without a server", { url: address({ port: "1" }) }],
    ["to a server without TLS", { url: address({ search: "?sslmode=require" }) }],
    [
      "with a password that its function cannot return",
      { url: address({ password: "" }), options: { password: passwordFails } },
    ],
  ])("%s fails with an error without secrets", async (_what, options) => {
    expectClean(await refusalOf(PostgresCheckpointStore.connect({ timeoutMs: 2_000, ...options })));
  });

  it("of a user who has no connection left fails with an error without secrets", async () => {
    await admin.query(`ALTER ROLE ${USER} CONNECTION LIMIT 0`);
    const error = await refusalOf(PostgresCheckpointStore.connect({ url: address() }));
    await admin.query(`ALTER ROLE ${USER} CONNECTION LIMIT -1`);
    expect(error).toMatchObject({ details: { reason: "connections_exhausted" } });
    expectClean(error);
  });

  it("by an application's own pool and DataSource fails with an error without secrets", async () => {
    const pool = new pg.Pool({ connectionString: address({ password: `${PASSWORD}-wrong` }) });
    expectClean(await refusalOf(PostgresCheckpointStore.from(pool).getExecution("a")));
    await pool.end();
    const dataSource = await new DataSource({ type: "postgres", url: address() }).initialize();
    await admin.query(`ALTER ROLE ${USER} PASSWORD 'another'`);
    const store = PostgresCheckpointStore.from(dataSource);
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [USER]);
    expectClean(await refusalOf(store.getExecution("a")));
    await admin.query(`ALTER ROLE ${USER} PASSWORD '${PASSWORD}'`);
    await dataSource.destroy();
  });
});

async function passwordFails(): Promise<string> {
  throw new Error(`The vault at https://${USER}:${PASSWORD}@vault.example said no.`);
}

const payload = JSON.stringify({ secret: CONTEXT });
const failure = { code: "NODE_FAILED", message: CONTEXT };
const commitOf = (head: { token: number; version: number }) =>
  newCommit(head, { checkpoints: [newCheckpoint({ payload, nodeName: CONTEXT, error: failure })], head: { failure } });

describe("a call", () => {
  it.each([
    ["is refused by a constraint", "ADD CONSTRAINT refuses CHECK (payload NOT LIKE '%secret%') NOT VALID"],
    ["is refused by a type", "ALTER COLUMN payload TYPE varchar(5) USING left(payload, 5)"],
    ["needs a column that is missing", "DROP COLUMN payload"],
  ])("that %s rejects with an error without secrets", async (_what, change) => {
    const schema = `call_${change.split(" ")[0]}_${change.length}`.toLowerCase();
    await using store = await PostgresCheckpointStore.connect({ url: address(), schema });
    const head = await store.createExecution(newExecution("a"));
    await admin.query(`ALTER TABLE ${schema}.checkpoints ${change}`);
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
    // In company too.
    const calls = Array.from({ length: 10 }, () => refusalOf(store.commit("a", commitOf(head))));
    for (const error of await Promise.all(calls)) expectClean(error);
    const creation = newExecution("b", { checkpoint: newCheckpoint({ kind: "snapshot", payload }) });
    expectClean(await refusalOf(store.createExecution(creation)));
  });

  it("that is sent again without success after a lost answer rejects with an error without secrets", async () => {
    const { hostname, port } = new URL(server.url);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    const url = Object.assign(new URL(proxy.urlFor(server.url)), { username: USER, password: PASSWORD }).href;
    const store = await PostgresCheckpointStore.connect({ url, schema: "answer", timeoutMs: 1_000 });
    const head = await store.createExecution(newExecution("a"));
    proxy.stall();
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
    proxy.resume();
    await store.close();
    await proxy.close();
  });

  it("during a shutdown, while a lock is held or after the pool has ended rejects with an error without secrets", async () => {
    const pool = new pg.Pool({ connectionString: address(), options: "-c lock_timeout=50ms" });
    pool.on("error", () => {});
    const store = PostgresCheckpointStore.from(pool, { schema: "ended", timeoutMs: 2_000 });
    const head = await store.createExecution(newExecution("a"));
    const blocker = await admin.connect();
    await blocker.query("BEGIN; LOCK TABLE ended.executions IN ACCESS EXCLUSIVE MODE");
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
    await blocker.query("ROLLBACK");
    blocker.release();
    await pool.end();
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
  });

  it("on PGlite during a transaction or after its end rejects with an error without secrets", async () => {
    const pglite = await openPGlite();
    const store = PostgresCheckpointStore.from(pglite, { timeoutMs: 1_000 });
    const head = await store.createExecution(newExecution("a"));
    await pglite.exec("BEGIN");
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
    await pglite.exec("ROLLBACK");
    await pglite.exec("ALTER TABLE waymark.checkpoints ADD CONSTRAINT c CHECK (payload NOT LIKE '%secret%')");
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
    await pglite.close();
    expectClean(await refusalOf(store.commit("a", commitOf(head))));
    await store.close();
  });
});
