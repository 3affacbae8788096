import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isWorkflowError } from "@waymark/core";
import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnPostgres } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "waymark-small-disk-"));
const isMounted = mountSmallDisk();
afterAll(() => {
  if (isMounted) execFileSync("umount", ["-l", folder]);
  rmdirSync(folder);
});

// Only root may mount a disk; elsewhere this shows as a skipped test.
it.skipIf(!isMounted)("a full disk is a coded error, and what was acknowledged is there", async () => {
  const server = await startOwnPostgres();
  try {
    // Only the tables are on the small disk: a server whose log finds no room stops altogether.
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`CREATE TABLESPACE small LOCATION '${folder}'`);
    await admin.query("ALTER DATABASE postgres SET default_tablespace = 'small'");
    await admin.end();
    const store = await PostgresCheckpointStore.connect({ url: server.url });
    const { id, token } = await store.createExecution(newExecution("a"));
    let version = 0;
    let refusal: unknown;
    while (refusal === undefined) {
      // What does not compress, so that the disk fills.
      const payload = Array.from({ length: 60_000 }, () => Math.random().toString(36)).join("");
      refusal = await store
        .commit(id, newCommit({ token, version }, { checkpoints: [newCheckpoint({ payload })] }))
        .then(
          () => undefined,
          (error) => error,
        );
      if (refusal === undefined) version += 1;
    }
    expect(isWorkflowError(refusal, "STORE_UNAVAILABLE"), String(refusal)).toBe(true);
    expect((refusal as { details: object }).details).toMatchObject({ reason: "disk_full" });
    expect(await store.getExecution(id)).toMatchObject({ version, seq: version });
    expect(await store.readCheckpoints(id, { from: version })).toHaveLength(1);
    await store.close();
  } finally {
    await server.stop();
  }
});

function mountSmallDisk(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=20m,mode=700,uid=65534,gid=65534", "tmpfs", folder], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}
