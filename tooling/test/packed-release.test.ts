import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readManifest } from "../build/manifest.ts";
import { publicPackages } from "../packing/public-packages.ts";
import { ROOT, run } from "../pnpm.ts";
import { type NpmRegistry, startNpmRegistry } from "../test-servers/npm-registry.ts";
import { createReleaseCopy, publishScript, type ReleaseCopy } from "./packed/release-copy.ts";

const names = publicPackages().map(({ manifest }) => manifest.name);
const stores = names.filter((name) => name.startsWith("@waymark/store-"));
/** The stores that are published under another tag than `latest`. */
const TAGS: Record<string, string> = { "@waymark/store-mongo": "next" };

let registry: NpmRegistry;
let copy: ReleaseCopy;
let version: string;

/** Runs npm, or a script that runs it, with the registry of this test and no settings of this machine's user. */
function withRegistry(command: string, args: string[], cwd: string): string {
  const env = { ...process.env, npm_config_registry: registry.url, npm_config_userconfig: join(copy.folder, ".npmrc") };
  return run(command, args, { cwd, env });
}

const publish = () => withRegistry("bash", ["-eo", "pipefail", "-c", publishScript()], join(copy.folder, ".release"));
const tagsOf = (name: string) => JSON.parse(withRegistry("npm", ["view", name, "dist-tags", "--json"], copy.folder));

beforeAll(async () => {
  registry = await startNpmRegistry();
  copy = createReleaseCopy();
  writeFileSync(join(copy.folder, ".npmrc"), `${registry.credentials}\n`);
  copy.version();
  version = readManifest(join(copy.folder, "packages/core")).version;
  copy.pack();
  publish();
}, 300_000);

afterAll(async () => {
  copy?.remove();
  await registry?.stop();
});

test("all packages have one version, which changesets raise", () => {
  const versions = new Set(names.map((name) => readManifest(folderOf(name)).version));
  expect(versions).toEqual(new Set([version]));
  // On the commit of a release there are none, and the version stays.
  const changesets = readdirSync(join(ROOT, ".changeset")).filter((file) => /^(?!README).*\.md$/.test(file));
  expect(version !== readManifest(join(ROOT, "packages/core")).version).toBe(changesets.length > 0);
});

test.each(names)("%s is published under its tag", (name) => {
  const { latest, ...others } = tagsOf(name);
  expect({ latest, ...others }).toMatchObject({ [TAGS[name] ?? "latest"]: version });
});

test("a second run publishes nothing, and does not fail", () => {
  const lines = publish().trim().split("\n");
  expect(lines.toSorted()).toEqual(names.map((name) => `${name}@${version} is published already`).toSorted());
});

const PROGRAMS: Record<string, { installs?: string[]; store: string }> = {
  "@waymark/store-memory": { store: "new MemoryCheckpointStore()" },
  "@waymark/store-postgres": {
    installs: ["@electric-sql/pglite"],
    store: 'await PostgresCheckpointStore.connect({ dataDir: "memory://" })',
  },
  // They are loaded, and refuse an address, without a server: packed-upgrade.test.ts runs workflows with them.
  "@waymark/store-mongo": { store: "await MongoCheckpointStore.connect({ url: 'http://none' })" },
  "@waymark/store-redis": { store: "await RedisCheckpointStore.connect({ url: 'http://none' })" },
};

describe.each(stores)("core and %s, installed from the registry", (name) => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "waymark-installed-"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    // Everything else comes from where the machine gets its packages.
    writeFileSync(join(folder, ".npmrc"), `@waymark:registry=${registry.url}\n`);
    const installed = ["@waymark/core", `${name}@${TAGS[name] ?? "latest"}`, ...(PROGRAMS[name]?.installs ?? [])];
    run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...installed], { cwd: folder });
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("have the version, and its changelog", () => {
    for (const one of ["@waymark/core", name]) {
      const installed = join(folder, "node_modules", one);
      expect(readManifest(installed).version).toBe(version);
      const changelog = readFileSync(join(installed, "CHANGELOG.md"), "utf8");
      expect(changelog).toContain(`\n## ${version}\n`);
      expect(changelog).not.toMatch(/Updated dependencies|^- [0-9a-f]{7}: /m);
      if (one !== "@waymark/core") expect(changelog).toContain(`- Works with \`@waymark/core\` ${version}.`);
    }
  });

  test("fit each other", () => {
    const { store } = PROGRAMS[name] ?? expect.unreachable();
    writeFileSync(
      join(folder, "program.js"),
      `import { createWorkflowEngine } from "@waymark/core";
import { ${/\w+Store\b/.exec(store)?.[0]} } from "${name}";
const store = await (async () => ${store})().catch((error) => error);
if (store instanceof Error) {
  console.log(store.code);
} else {
  const workflows = [{ id: "w", nodes: [{ id: "a", type: "t" }], edges: [] }];
  const { executeWorkflow } = createWorkflowEngine({ store, workflows, executors: { t: async () => ({}) } });
  console.log((await executeWorkflow({ workflowId: "w", userId: "u" })).status);
  await store.close();
}`,
    );
    const expected = store.includes("none") ? "INVALID_ARGUMENT" : "completed";
    expect(run(process.execPath, ["program.js"], { cwd: folder }).trim()).toBe(expected);
  });
});

function folderOf(name: string): string {
  return join(copy.folder, "packages", name.replace("@waymark/", ""));
}
