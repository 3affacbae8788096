import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readManifest } from "../build/manifest.ts";
import { run } from "../pnpm.ts";
import { startMongo, startPostgres, startRedis, type TestServer } from "../test-servers/index.ts";
import { createReleaseCopy } from "./packed/release-copy.ts";

/*
 * A deployment of the next release and its roll-back, with executions that wait meanwhile. Until there is a release
 * before, both versions have the code of the workspace: what is tested then is that they work beside each other.
 */

type Version = "before" | "next";

let folders: Record<Version, string>;

beforeAll(() => {
  const copy = createReleaseCopy();
  const before = install(copy.pack());
  const changesets = readdirSync(join(copy.folder, ".changeset")).filter((file) => file.endsWith(".md"));
  for (const file of changesets) rmSync(join(copy.folder, ".changeset", file));
  writeFileSync(join(copy.folder, ".changeset/next.md"), '---\n"@waymark/core": minor\n---\n\nThe next release.\n');
  copy.version();
  folders = { before, next: install(copy.pack()) };
  copy.remove();
}, 400_000);

afterAll(() => {
  for (const folder of Object.values(folders ?? {})) rmSync(folder, { recursive: true, force: true });
});

function install(tarballs: string): string {
  const folder = mkdtempSync(join(tmpdir(), "waymark-installed-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  const args = ["--prefer-offline", "--no-audit", "--no-fund", ...files, "@electric-sql/pglite"];
  run("npm", ["install", ...args], { cwd: folder });
  cpSync(join(import.meta.dirname, "packed/waiting-program.mjs"), join(folder, "program.mjs"));
  return folder;
}

test("the two versions differ, and each store has the core of its version", () => {
  const [before, next] = (["before", "next"] as const).map((version) => {
    const versions = readdirSync(join(folders[version], "node_modules/@waymark")).map(
      (name) => readManifest(join(folders[version], "node_modules/@waymark", name)).version,
    );
    expect(new Set(versions).size).toBe(1);
    return versions[0];
  });
  expect(before).not.toBe(next);
});

interface Database {
  module: string;
  store: string;
  start(): Promise<{ server?: TestServer; options: object }>;
  /** True if only one process may use it at a time. */
  isExclusive?: boolean;
}

const databases: Database[] = [
  {
    module: "@waymark/store-postgres",
    store: "PostgresCheckpointStore",
    start: () => startPostgres().then((server) => ({ server, options: { url: server.url, schema: "upgrade" } })),
  },
  {
    module: "@waymark/store-postgres",
    store: "PostgresCheckpointStore",
    start: async () => ({ options: { dataDir: mkdtempSync(join(tmpdir(), "waymark-pglite-")) } }),
    isExclusive: true,
  },
  {
    module: "@waymark/store-mongo",
    store: "MongoCheckpointStore",
    start: () => startMongo().then((server) => ({ server, options: { url: server.url, database: "upgrade" } })),
  },
  {
    module: "@waymark/store-redis",
    store: "RedisCheckpointStore",
    start: () => startRedis().then((server) => ({ server, options: { url: server.url, keyPrefix: "upgrade:" } })),
  },
];

describe.each(databases)("$store", ({ module, store, start, isExclusive = false }) => {
  let database: Awaited<ReturnType<Database["start"]>>;

  beforeAll(async () => {
    database = await start();
  });
  afterAll(async () => {
    await database?.server?.stop();
    const { dataDir } = (database?.options ?? {}) as { dataDir?: string };
    if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
  });

  async function call(version: Version, name: "begin" | "answer" | "read", executionId: string) {
    const args = ["program.mjs", module, store, JSON.stringify(database.options), name, executionId];
    const child = spawn(process.execPath, args, {
      cwd: folders[version],
      env: { ...process.env, VERSION: version },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    if (out === "") throw new Error(errors);
    return JSON.parse(out) as { status: string; context: Record<string, unknown> };
  }

  const atOnce = async (calls: (() => ReturnType<typeof call>)[]) => {
    if (!isExclusive) return Promise.all(calls.map((one) => one()));
    const results: Awaited<ReturnType<typeof call>>[] = [];
    for (const one of calls) results.push(await one());
    return results;
  };
  const waiting = (by: Version) => ({
    status: "suspended",
    context: { n: 1, at: 5, total: String(2n ** 70n), by: { prepare: by } },
  });
  const completed = (by: Version, answeredBy: Version) => ({
    status: "completed",
    context: { ...waiting(by).context, by: { prepare: by, pay: answeredBy }, approved: answeredBy },
  });

  test(`keeps executions that wait over an upgrade${isExclusive ? "" : ", with both versions at work,"} and back`, async () => {
    const begun = await atOnce(["a", "b", "c"].map((id) => () => call("before", "begin", id)));
    expect(begun).toEqual([waiting("before"), waiting("before"), waiting("before")]);

    // The next version has taken over a part. Both are at work.
    expect(
      await atOnce([
        () => call("next", "answer", "a"),
        () => call("next", "begin", "d"),
        () => call("before", "begin", "e"),
      ]),
    ).toEqual([completed("before", "next"), waiting("next"), waiting("before")]);
    expect(await atOnce([() => call("before", "answer", "d"), () => call("next", "answer", "e")])).toEqual([
      completed("next", "before"),
      completed("before", "next"),
    ]);
    const [f] = await atOnce([() => call("next", "begin", "f")]);
    expect(f).toEqual(waiting("next"));

    // Rolled back.
    expect(
      await atOnce([
        () => call("before", "answer", "b"),
        () => call("before", "answer", "f"),
        () => call("before", "read", "a"),
        () => call("before", "read", "c"),
      ]),
    ).toEqual([
      completed("before", "before"),
      completed("next", "before"),
      completed("before", "next"),
      waiting("before"),
    ]);
  });
});
