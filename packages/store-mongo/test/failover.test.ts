import type { CheckpointStore } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { hasDocumentDb, startOwnDocumentDbPair } from "tooling/test-servers";
import { runKillTrial } from "tooling/trials";
import { untilAccepted } from "tooling/until-accepted";
import { describe, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const seed = Date.now() % 1_000_000;
const WRITERS = 6;
const BEFORE = 40;
const AFTER = 20;
// How soon the driver looks again at a server that took no writes.
const clientOptions = { minHeartbeatFrequencyMS: 50 };
/** More than a tail holds: such a record has a document of its own, made by the same command. */
const LARGE = "x".repeat(10_000);

interface Written {
  id: string;
  /** Of the checkpoints whose commits were acknowledged, in order. */
  checkpointIds: string[];
}

function targetOf(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** Writers that keep committing through one store. */
function startWriters(store: CheckpointStore) {
  const reasons = new Set<string>();
  /** The version that each execution has by what was acknowledged. */
  const versions = new Map<string, number>();
  let acknowledged = 0;
  let isOver = false;
  let begin = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });

  /** Commits one after the other, each sent until it is acknowledged, and some more once it is over. */
  async function write(id: string): Promise<Written> {
    const { token } = await store.createExecution(newExecution(id));
    const checkpointIds: string[] = [];
    for (let left = AFTER; left > 0; left -= isOver ? 1 : 0) {
      const version = checkpointIds.length;
      const checkpoint = newCheckpoint(version % 5 === 4 ? { payload: LARGE } : {});
      const request = newCommit({ token, version }, { checkpoints: [checkpoint] });
      await untilAccepted(() => store.commit(id, request), reasons);
      checkpointIds.push(checkpoint.id);
      versions.set(id, checkpointIds.length);
      acknowledged += 1;
      if (acknowledged === WRITERS * BEFORE) begin();
    }
    return { id, checkpointIds };
  }

  const all = Promise.all(Array.from({ length: WRITERS }, (_, index) => write(`e${index}`)));
  return {
    reasons,
    versions,
    hasBegun: Promise.race([hasBegun, all]),
    finish: () => {
      isOver = true;
      return all;
    },
  };
}

/** Everything acknowledged is there, once and in order, and nothing else is. */
async function expectWhole(store: CheckpointStore, { id, checkpointIds }: Written): Promise<void> {
  const version = checkpointIds.length;
  expect(await store.getExecution(id)).toMatchObject({ version, seq: version, checkpointsCount: version });
  const records = await store.readCheckpoints(id);
  expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: version + 1 }, (_, seq) => seq));
  expect(records.slice(1).map((record) => record.id)).toEqual(checkpointIds);
  const large = records.filter(({ seq }) => seq > 0 && seq % 5 === 0);
  expect(large.every(({ payload }) => payload === LARGE)).toBe(true);
  expect(await store.readCheckpoints(id, { order: "desc" })).toEqual(records.reverse());
}

// The engine comes from Debian's packages; its absence shows as a skipped test.
describe.skipIf(!hasDocumentDb())("a replica that is promoted", () => {
  it.each([
    ["in mid-write", false],
    ["when it has commits that were not answered yet", true],
  ])(
    "%s: the same store continues with every acknowledged commit, and each is done once",
    async (_when, isUnanswered) => {
      const pair = await startOwnDocumentDbPair();
      try {
        const { engines, proxy, url } = pair;
        await using store = await MongoCheckpointStore.connect({ url, clientOptions });
        await engines.makeSynchronous();
        const writers = startWriters(store);
        await writers.hasBegun;
        if (isUnanswered) {
          // Commits take effect, on the standby too, and their callers get no answer.
          proxy.muteServer();
          await using reader = await MongoCheckpointStore.connect({ url: pair.standbyUrl, createIndexes: false });
          let before: string[] = [];
          // Those that are ahead of what was acknowledged, and stay so.
          const inDoubt = async () => {
            const { items } = await reader.listExecutions();
            const ahead = items.filter(({ id, version }) => version > (writers.versions.get(id) ?? 0));
            const [earlier, now] = [before, ahead.map(({ id, version }) => `${id} at ${version}`)];
            before = now;
            return now.filter((one) => earlier.includes(one)).length;
          };
          await expect.poll(inDoubt, { timeout: 30_000 }).toBeGreaterThan(0);
        }
        await engines.primary.kill();
        // The address leads to the standby before that is a primary.
        proxy.pointAt(targetOf(engines.standby.url));
        await expect.poll(() => writers.reasons, { timeout: 60_000 }).toContain("not_primary");
        // Reads work meanwhile; a write rejects in time with its reason.
        const head = (await store.getExecution("e0")) ?? expect.unreachable();
        const refused = { code: "STORE_UNAVAILABLE", details: { reason: "not_primary", mongoCode: 10107 } };
        await expect(store.createExecution(newExecution("late"))).rejects.toMatchObject(refused);
        await expect(store.commit("e0", newCommit(head))).rejects.toMatchObject(refused);
        await engines.promote();
        const written = await writers.finish();

        await using fresh = await MongoCheckpointStore.connect({ url, clientOptions });
        for (const one of written) {
          expect(one.checkpointIds.length).toBeGreaterThanOrEqual(AFTER);
          await expectWhole(store, one);
          await expectWhole(fresh, one);
        }
        expect(await store.getExecution("late")).toBeUndefined();
        const listed = await fresh.listExecutions({ workflowId: "w1" });
        expect(listed.items.map(({ id }) => id).sort()).toEqual(written.map(({ id }) => id));
      } finally {
        await pair.stop();
      }
    },
  );

  it(`continues executions, and no committed node runs again (seed ${seed})`, async () => {
    const pair = await startOwnDocumentDbPair();
    try {
      const { engines, proxy, url } = pair;
      await engines.makeSynchronous();
      const module = new URL("../src/index.ts", import.meta.url).href;
      const verdict = await runKillTrial({
        seed,
        address: { module, className: "MongoCheckpointStore", options: { url } },
        open: () => MongoCheckpointStore.connect({ url }),
        kills: 1,
        killServer: async () => {
          await engines.primary.kill();
          await engines.promote();
          proxy.pointAt(targetOf(engines.standby.url));
        },
      });
      expect(verdict.violations).toEqual([]);
      expect(verdict.kills).toBe(1);
      expect(verdict.acknowledged).toBeGreaterThan(0);
    } finally {
      await pair.stop();
    }
  });
});
