import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isWorkflowError } from "@waymark/core";
import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { newCertificateAuthority, startOwnPostgres, startTcpProxy } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore, type PostgresConnectOptions } from "../src/index.ts";

const authority = await newCertificateAuthority("The server's authority");
const stranger = await newCertificateAuthority("Another authority");
const folder = mkdtempSync(join(tmpdir(), "waymark-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const ca = file("ca.pem", authority.cert);
const otherCa = file("other-ca.pem", stranger.cert);

const DAY_MS = 86_400_000;
const yesterday = new Date(Date.now() - DAY_MS);
const server = await startWithTls(await authority.issue("localhost"));
const expired = await startWithTls(await authority.issue("localhost", { from: new Date(0), to: yesterday }));
const plain = await startOwnPostgres();
afterAll(() => Promise.all([server.stop(), expired.stop(), plain.stop()]));
const admin = new pg.Pool({ connectionString: server.url });
afterAll(() => admin.end());
// Who may not come without TLS, and who comes with a certificate in place of a password.
await admin.query("CREATE ROLE careful LOGIN PASSWORD 'careful'");
await admin.query("CREATE ROLE certified LOGIN");
await admin.query("GRANT CREATE ON DATABASE postgres TO careful, certified");

function startWithTls({ cert, key }: { cert: string; key: string }) {
  const rules = [
    "hostssl all certified 127.0.0.1/32 cert",
    "hostssl all all 127.0.0.1/32 scram-sha-256",
    "host all postgres 127.0.0.1/32 scram-sha-256",
  ];
  return startOwnPostgres({
    settings: { ssl: "on", ssl_ca_file: "ca.crt" },
    files: { "server.crt": cert, "server.key": key, "ca.crt": authority.cert, "pg_hba.conf": `${rules.join("\n")}\n` },
  });
}

/** The server's address by its name, with parameters. */
function address(parameters: Record<string, string> = {}, url = server.url): string {
  const result = Object.assign(new URL(url), { hostname: "localhost" });
  for (const [name, value] of Object.entries(parameters)) result.searchParams.set(name, value);
  return result.href;
}

const asCareful = (url: string) => Object.assign(new URL(url), { username: "careful", password: "careful" }).href;

async function refusalOf(options: PostgresConnectOptions) {
  const error = await PostgresCheckpointStore.connect(options).then(
    (store) => store.close(),
    (reason) => reason,
  );
  expect(isWorkflowError(error), String(error)).toBe(true);
  return error;
}

let names = 0;

/** Opens a store, commits, and checks that the server reports its connection as secure. */
async function commitsSecurely(options: { url: string; options?: pg.PoolConfig }): Promise<boolean[]> {
  const name = `store-${++names}`;
  const url = new URL(options.url);
  url.searchParams.set("application_name", name);
  await using store = await PostgresCheckpointStore.connect({ ...options, url: url.href, schema: "tls" });
  const { id, token } = await store.createExecution(newExecution(name));
  await store.commit(id, newCommit({ token, version: 0 }));
  expect(await store.getExecution(id)).toMatchObject({ version: 1 });
  const { rows } = await admin.query(
    "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1",
    [name],
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows.map(({ ssl }) => ssl);
}

const secure = async (options: Parameters<typeof commitsSecurely>[0]) =>
  expect(new Set(await commitsSecurely(options))).toEqual(new Set([true]));

describe("a secure connection", () => {
  it("is made with an authority's certificate in the address", () =>
    secure({ url: address({ sslmode: "verify-full", sslrootcert: ca }) }));

  it("is made with an authority's certificate in `options`", () =>
    secure({ url: address(), options: { ssl: { ca: authority.cert } } }));

  it("is made by a user who may not log in without TLS", async () => {
    const url = asCareful(address({ sslmode: "verify-full", sslrootcert: ca }));
    await using store = await PostgresCheckpointStore.connect({ url, schema: "careful" });
    await store.createExecution(newExecution("a"));
  });

  it("is made with a client's own certificate instead of a password", async () => {
    const { cert, key } = await authority.issue("certified");
    const parameters = { sslmode: "verify-full", sslrootcert: ca };
    const withoutCertificate = Object.assign(new URL(address(parameters)), { username: "certified", password: "" });
    const withCertificate = new URL(withoutCertificate);
    withCertificate.searchParams.set("sslcert", file("client.pem", cert));
    withCertificate.searchParams.set("sslkey", file("client.key", key));
    await using store = await PostgresCheckpointStore.connect({ url: withCertificate.href, schema: "certified" });
    await store.createExecution(newExecution("a"));
    const refusal = await refusalOf({ url: withoutCertificate.href, schema: "certified" });
    expect(refusal).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "authentication" } });
    expect(refusal.message).toContain("certificate");
  });

  it("also serves migrations, by `directUrl`", async () => {
    const secureUrl = address({ sslmode: "verify-full", sslrootcert: ca });
    await using store = await PostgresCheckpointStore.connect({
      url: secureUrl,
      directUrl: secureUrl,
      schema: "direct",
    });
    await store.createExecution(newExecution("a"));
  });

  it("that is cut is replaced, and the last call takes effect once", async () => {
    const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(new URL(server.url).port) });
    const url = address({ sslmode: "verify-full", sslrootcert: ca }, proxy.urlFor(server.url));
    const store = await PostgresCheckpointStore.connect({ url, schema: "cut", poolSize: 2 });
    const { id, token } = await store.createExecution(newExecution("a"));
    proxy.cut();
    await store.commit(id, newCommit({ token, version: 0 }));
    proxy.dropNextAnswer();
    await store.commit(id, newCommit({ token, version: 1 }));
    expect(await store.getExecution(id)).toMatchObject({ version: 2, seq: 2 });
    await store.close();
    await proxy.close();
  });
});

describe("`sslmode`, as pg 8 reads it", () => {
  it("require: the certificate is checked, as with verify-full", async () => {
    await secure({ url: address({ sslmode: "require", sslrootcert: ca }) });
    expect(await refusalOf({ url: address({ sslmode: "require" }) })).toMatchObject({ details: { reason: "tls" } });
  });

  it.each([
    ["no-verify", { sslmode: "no-verify" }],
    ["require with uselibpqcompat", { sslmode: "require", uselibpqcompat: "true" }],
  ])("%s: encrypted, without a check of the certificate", (_name, parameters) => secure({ url: address(parameters) }));

  it("absent: not encrypted", async () => {
    expect(await commitsSecurely({ url: address() })).toEqual([false]);
  });
});

describe("a connection that cannot be made secure", () => {
  const verify = { sslmode: "verify-full", sslrootcert: ca };

  it.each<[string, PostgresConnectOptions, string]>([
    ["an unknown authority", { url: address({ sslmode: "verify-full" }) }, "sslrootcert"],
    ["another authority", { url: address({ ...verify, sslrootcert: otherCa }) }, "sslrootcert"],
    ["another authority in `options`", { url: address(), options: { ssl: { ca: stranger.cert } } }, "sslrootcert"],
    ["no certificate in the file", { url: address({ ...verify, sslrootcert: file("empty.pem", "?") }) }, "sslrootcert"],
    ["another host name", { url: address(verify).replace("localhost", "127.0.0.1") }, "another host name"],
    ["an expired certificate", { url: address(verify, expired.url) }, "Renew it"],
    ["a server without TLS", { url: address(verify, plain.url) }, "ssl = on"],
    ["a server that wants it", { url: asCareful(address()) }, "verify-full"],
  ])("because of %s has the reason tls, and advice", async (_what, options, words) => {
    const refusal = await refusalOf(options);
    expect(refusal).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "tls" } });
    expect(refusal.message).toContain(words);
  });

  it("because a borrowed pool cannot read its certificate is STORE_UNAVAILABLE", async () => {
    const pool = new pg.Pool({ connectionString: address({ ...verify, sslrootcert: join(folder, "none.pem") }) });
    const call = PostgresCheckpointStore.from(pool).getExecution("a");
    const message = expect.stringContaining("none.pem");
    await expect(call).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message });
    await pool.end();
  });

  it.each<[string, "url" | "directUrl", string]>([
    ["a certificate that does not exist", "url", address({ ...verify, sslrootcert: join(folder, "none.pem") })],
    ["the same for migrations", "directUrl", address({ ...verify, sslrootcert: join(folder, "none.pem") })],
    ["verify-ca without a certificate", "url", address({ sslmode: "verify-ca", uselibpqcompat: "true" })],
  ])("because of %s is INVALID_ARGUMENT", async (_what, argument, url) => {
    const refusal = await refusalOf({ url: address(), schema: "never", [argument]: url });
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", details: { argument } });
    const { rows } = await admin.query("SELECT to_regnamespace('never') AS found");
    expect(rows).toEqual([{ found: null }]);
  });
});
