import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionRecord } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

const folder = mkdtempSync(join(tmpdir(), "waymark-small-disk-"));
const isMounted = mountSmallDisk();
afterAll(() => {
  if (isMounted) execFileSync("umount", ["-l", folder]);
  rmdirSync(folder);
});

/** Something else on the disk, that can be removed. */
const ballast = join(folder, "ballast");
const KIB = 1024;

// Only root may mount a disk; elsewhere these show as skipped tests.
it.skipIf(!isMounted)(
  "everysec: commits are refused while the disk is full, and accepted once there is room",
  async () => {
    const server = await startOwnRedis({ parentFolder: folder, settings: { appendfsync: "everysec" } });
    const store = await RedisCheckpointStore.connect({ url: server.url });
    const { head, fault, version } = await fill(store);
    expect(fault).toEqual(unavailable({ reason: "persistence", serverCode: "MISCONF" }));
    expect(await store.getExecution(head.id)).toMatchObject({ version, seq: version });
    rmSync(ballast);
    // The server tries again each second.
    const commit = newCommit({ ...head, version });
    await expect.poll(() => faultOf(store.commit(head.id, commit)), IN_TIME).toBeUndefined();
    await server.restart();
    expect(await store.getExecution(head.id)).toMatchObject({ version: version + 1, seq: version + 1 });
    expect(await store.readCheckpoints(head.id)).toHaveLength(version + 2);
    await store.close();
    await server.stop();
  },
);

it.skipIf(!isMounted)(
  "always: a server whose disk is full ends, and has every acknowledged commit when it is back",
  async () => {
    const server = await startOwnRedis({ parentFolder: folder });
    const store = await RedisCheckpointStore.connect({ url: server.url, timeoutMs: 2_000 });
    const { head, fault, version } = await fill(store);
    expect(fault).toEqual(unavailable({ reason: "connection" }));
    rmSync(ballast);
    await server.restart();
    expect(await store.getExecution(head.id)).toMatchObject({ version, seq: version });
    await store.commit(head.id, newCommit({ ...head, version }));
    expect(await store.readCheckpoints(head.id)).toHaveLength(version + 2);
    await store.close();
    await server.stop();
  },
);

/** Commits until that fails. */
async function fill(store: RedisCheckpointStore): Promise<{ head: ExecutionRecord; fault: unknown; version: number }> {
  const head = await store.createExecution(newExecution("e1"));
  writeFileSync(ballast, Buffer.alloc(4 * KIB * KIB));
  const checkpoint = () => newCheckpoint({ payload: JSON.stringify("x".repeat(100 * KIB)) });
  for (let version = 0; ; version++) {
    const commit = newCommit({ ...head, version }, { checkpoints: [checkpoint()] });
    const fault = await faultOf(store.commit(head.id, commit));
    if (fault !== undefined) return { head, fault, version };
  }
}

function mountSmallDisk(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
