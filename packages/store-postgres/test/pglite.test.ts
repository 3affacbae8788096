import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isWorkflowError } from "@waymark/core";
import { describeCheckpointStore } from "@waymark/core/conformance";
import { newExecution } from "tooling/store-fixtures";
import { openPGlite, preparePGlite } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { emptiedPlaces } from "./emptied-places.ts";

const folder = mkdtempSync(join(tmpdir(), "waymark-pglite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(folder, String(++folders));
/** A folder with an empty database, which takes less time than a new one. */
async function preparedFolder(): Promise<string> {
  const dataDir = newFolder();
  await preparePGlite(dataDir);
  return dataDir;
}

// Starting PostgreSQL takes a second, so the cases share one.
const pglite = await openPGlite();
afterAll(() => pglite.close());
const places = emptiedPlaces(
  (sql) => pglite.query(sql),
  (number) => ({ schema: `case_${number}` }),
);

describeCheckpointStore(
  { describe, it },
  {
    name: "PostgresCheckpointStore on PGlite",
    capabilities: PostgresCheckpointStore.from(pglite).capabilities,
    agesDefinitions: true,
    open: async () => {
      const place = places.take();
      const open = () => PostgresCheckpointStore.from(pglite, place);
      const store = open();
      const ageDefinitions = async (ms: number) => {
        await pglite.query(`UPDATE ${place.schema}.definitions SET saved_at_ms = saved_at_ms - $1::bigint`, [ms]);
      };
      const close = async () => {
        await store.close();
        await places.giveBack(place);
      };
      return { store, reopen: async () => open(), ageDefinitions, close };
    },
  },
);

describe("a folder", () => {
  it("has all executions when it is opened again", async () => {
    const dataDir = newFolder();
    await using first = await PostgresCheckpointStore.connect({ dataDir });
    const created = await first.createExecution(newExecution("a"));
    await first.close();
    await using second = await PostgresCheckpointStore.connect({ dataDir });
    expect(await second.getExecution("a")).toEqual({ ...created, readAt: expect.any(Number) });
  });

  it("is refused while it is open, in this process and in another", async () => {
    const dataDir = await preparedFolder();
    await using _store = await PostgresCheckpointStore.connect({ dataDir });
    await expect(PostgresCheckpointStore.connect({ dataDir })).rejects.toSatisfy(isFolderInUse);
    expect(await openInAnotherProcess(dataDir).exited).toBe("folder_in_use");
  });

  it("can be opened after its process was killed, with every acknowledged write", async () => {
    const dataDir = await preparedFolder();
    const other = openInAnotherProcess(dataDir);
    expect(await other.answer).toBe("open");
    await expect(PostgresCheckpointStore.connect({ dataDir })).rejects.toSatisfy(isFolderInUse);
    other.kill();
    await other.exited;
    await using store = await PostgresCheckpointStore.connect({ dataDir });
    expect(await store.getExecution("from-another-process")).toBeDefined();
  });

  it("is opened by one of several processes at a time, even after a crash", async () => {
    const dataDir = await preparedFolder();
    const crashed = openInAnotherProcess(dataDir);
    await crashed.answer;
    crashed.kill();
    await crashed.exited;
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => PostgresCheckpointStore.connect({ dataDir })),
    );
    const opened = results.filter((result) => result.status === "fulfilled");
    expect(opened).toHaveLength(1);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toSatisfy(isFolderInUse);
    await opened[0]?.value.close();
    expect(readdirSync(dataDir).filter((name) => name.startsWith("waymark-"))).toHaveLength(1);
  });

  it("may have a path longer than the address of a socket", async () => {
    const dataDir = join(newFolder(), "deep".repeat(40), "deeper".repeat(20));
    await preparePGlite(dataDir);
    await using _store = await PostgresCheckpointStore.connect({ dataDir });
    await expect(PostgresCheckpointStore.connect({ dataDir })).rejects.toSatisfy(isFolderInUse);
  });

  it("that cannot be made is STORE_UNAVAILABLE", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const refusal = await PostgresCheckpointStore.connect({ dataDir: join(file, "x") }).catch((error) => error);
    expect(isWorkflowError(refusal, "STORE_UNAVAILABLE")).toBe(true);
  });
});

describe('"memory://"', () => {
  it("is not durable, and each store has its own", async () => {
    await using first = await PostgresCheckpointStore.connect({ dataDir: "memory://" });
    await using second = await PostgresCheckpointStore.connect({ dataDir: "memory://" });
    expect(first.capabilities).toMatchObject({ durable: false, multiProcess: false });
    await first.createExecution(newExecution("a"));
    expect(await second.getExecution("a")).toBeUndefined();
  });
});

function isFolderInUse(error: unknown): boolean {
  return isWorkflowError(error, "STORE_UNAVAILABLE") && error.details.reason === "folder_in_use";
}

/** Starts a process that opens the folder, writes an execution, prints "open" and stays, or prints the error. */
function openInAnotherProcess(dataDir: string) {
  const program = fileURLToPath(new URL("./open-folder.ts", import.meta.url));
  const child = spawn(process.execPath, [program, dataDir], { stdio: ["pipe", "pipe", "inherit"] });
  const answer = once(child.stdout, "data").then(([data]) => String(data).trim());
  const exited = once(child, "exit").then(() => answer);
  return { answer, exited, kill: () => child.kill("SIGKILL") };
}
