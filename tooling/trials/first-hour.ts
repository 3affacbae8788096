// Does what a new user does, from `npm init -y` to the output of the README of each store: in empty folders, from the
// packed packages, with npm. Prints how long each takes. Build the packages first.
//
//   node tooling/trials/first-hour.ts [store,...|all] [path of a Node]...
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fencesIn } from "../docs/fences.ts";
import { pack, publicPackages } from "../packing/public-packages.ts";
import { ROOT } from "../pnpm.ts";
import { startMongo, startPostgres, startRedis, type TestServer } from "../test-servers/index.ts";

interface Hour {
  readme: string;
  /** What the page says to install beside core. */
  installs: string[];
  start?: () => Promise<TestServer>;
  /** Makes the page's example the reader's own: the address, or another of the ways to open the store. */
  edit?: (code: string, url: string) => string;
  prints: RegExp;
  limitSeconds: number;
}

const POSTGRES = { readme: "packages/store-postgres/README.md", prints: /greeting: 'Hello'/, limitSeconds: 300 };
const OPENED = /await \w+CheckpointStore\.connect\(.*\)/;
const atUrl = (code: string, url: string) => code.replace(/url: "[^"]+"/, `url: "${url}"`);
const HOURS: Record<string, Hour> = {
  memory: {
    ...{ readme: "README.md", installs: ["@waymark/store-memory"], limitSeconds: 60 },
    prints: /^failed payment service is down\ncompleted /,
  },
  pglite: {
    ...{ ...POSTGRES, installs: ["@waymark/store-postgres", "pg", "@electric-sql/pglite"] },
    edit: (code) => code.replace(/url: "[^"]+"/, 'dataDir: "data"'),
  },
  pool: {
    ...{ ...POSTGRES, installs: ["@waymark/store-postgres", "pg"], start: startPostgres },
    edit: (code, url) =>
      `import pg from "pg";\nconst pool = new pg.Pool({ connectionString: "${url}" });\n${code.replace(OPENED, "PostgresCheckpointStore.from(pool)")}await pool.end();\n`,
  },
  datasource: {
    ...{ ...POSTGRES, installs: ["@waymark/store-postgres", "pg", "typeorm"], start: startPostgres },
    edit: (code, url) =>
      `import { DataSource } from "typeorm";\nconst dataSource = await new DataSource({ type: "postgres", url: "${url}" }).initialize();\n${code.replace(OPENED, "PostgresCheckpointStore.from(dataSource)")}await dataSource.destroy();\n`,
  },
  redis: {
    ...{ ...POSTGRES, readme: "packages/store-redis/README.md", installs: ["@waymark/store-redis", "ioredis"] },
    ...{ start: startRedis, edit: atUrl },
  },
  mongo: {
    ...{ ...POSTGRES, readme: "packages/store-mongo/README.md", installs: ["@waymark/store-mongo", "mongodb"] },
    ...{ start: startMongo, edit: atUrl },
  },
};

const [chosen = "all", ...nodes] = process.argv.slice(2);
const names = chosen === "all" ? Object.keys(HOURS) : chosen.split(",");
const tarballs = mkdtempSync(join(tmpdir(), "waymark-tarballs-"));
const packed = new Map(publicPackages().map((each) => [each.manifest.name, pack(each, tarballs)]));

for (const node of nodes.length === 0 ? [process.execPath] : nodes) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  for (const name of names) {
    const { readme, installs, start, edit, prints, limitSeconds } = HOURS[name] as Hour;
    const [example] = fencesIn(readFileSync(join(ROOT, readme), "utf8"));
    const server = await start?.();
    const folder = mkdtempSync(join(tmpdir(), "waymark-first-hour-"));
    const run = (program: string, args: string[]) =>
      execFileSync(program, args, { cwd: folder, env, encoding: "utf8" });
    const begin = performance.now();
    run("npm", ["init", "-y"]);
    const wanted = ["@waymark/core", ...installs].map((each) => packed.get(each) ?? each);
    run("npm", ["install", "--no-audit", "--no-fund", ...wanted]);
    const installed = performance.now();
    const code = example?.code ?? "";
    writeFileSync(join(folder, "first.mjs"), edit?.(code, server?.url ?? "") ?? code);
    const output = run(node, ["first.mjs"]);
    const end = performance.now();
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
    const isGood = prints.test(output) && end - begin < limitSeconds * 1_000;
    console.log(
      `${isGood ? "ok" : "FAILED"} ${run(node, ["--version"]).trim()} ${name}: ${seconds(end - begin)} (install ${seconds(installed - begin)})`,
    );
    if (!isGood) {
      console.log(output);
      process.exitCode = 1;
    }
    rmSync(folder, { recursive: true });
    await server?.stop();
  }
}
rmSync(tarballs, { recursive: true });
