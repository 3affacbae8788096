import { newCommit, newExecution } from "tooling/store-fixtures";
import { type PostgresPair, startPostgresPair, startTcpProxy, type TcpProxy } from "tooling/test-servers";
import { runKillTrial } from "tooling/trials";
import { untilAccepted } from "tooling/until-accepted";
import { expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const seed = Date.now() % 1_000_000;
const WRITERS = 6;
const BEFORE = 40;
const AFTER = 20;

/** A primary with a synchronous standby, behind an address that can be moved from one to the other. */
async function withPair(work: (pair: PostgresPair, proxy: TcpProxy) => Promise<void>): Promise<void> {
  const pair = await startPostgresPair();
  const proxy = await startTcpProxy(targetOf(pair.primary.url));
  try {
    await pair.makeSynchronous();
    await work(pair, proxy);
  } finally {
    await proxy.close();
    await pair.stop();
  }
}

function targetOf(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

it("a primary that dies during writes: the same store continues on the standby, with every acknowledged commit", async () => {
  await withPair(async (pair, proxy) => {
    const url = proxy.urlFor(pair.primary.url);
    await using store = await PostgresCheckpointStore.connect({ url, poolSize: 4 });
    await pair.catchUp();
    await using reader = await PostgresCheckpointStore.connect({ url: pair.standby.url });
    let acknowledged = 0;
    let isOver = false;
    const reasons = new Set<string>();
    let begin = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begin = resolve;
    });

    /** Commits one after the other, each sent until it is acknowledged, to the end. Returns the acknowledged commits. */
    async function write(id: string): Promise<string[]> {
      const { token } = await store.createExecution(newExecution(id));
      const ids: string[] = [];
      for (let left = AFTER; left > 0; left -= isOver ? 1 : 0) {
        const request = newCommit({ token, version: ids.length });
        await untilAccepted(() => store.commit(id, request), reasons);
        ids.push(String(request.checkpoints?.[0]?.id));
        acknowledged += 1;
        if (acknowledged === WRITERS * BEFORE) begin();
      }
      return ids;
    }

    const writers = Array.from({ length: WRITERS }, (_, index) => write(`e${index}`));
    await Promise.race([hasBegun, Promise.all(writers)]);
    const before = acknowledged;
    await pair.primary.kill();
    await expect.poll(() => reasons, { timeout: 30_000 }).toContain("connection");
    // The address leads to the standby before that is a primary.
    proxy.pointAt(targetOf(pair.standby.url));
    await expect.poll(() => reasons, { timeout: 30_000 }).toContain("read_only");
    await pair.promote();
    isOver = true;
    const written = await Promise.all(writers);

    expect(before).toBeGreaterThanOrEqual(WRITERS * BEFORE);
    for (const [index, ids] of written.entries()) {
      const version = ids.length;
      expect(await store.getExecution(`e${index}`)).toMatchObject({ version, seq: version });
      const records = await store.readCheckpoints(`e${index}`);
      expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: version + 1 }, (_, seq) => seq));
      expect(records.slice(1).map(({ id }) => id)).toEqual(ids);
    }
    // Who has only read from the standby can write now, on the connections that are open.
    const { version, token } = (await reader.getExecution("e0")) ?? expect.unreachable();
    await reader.commit("e0", newCommit({ version, token }));
  });
});

it(`executions continue after a failover, and no committed node runs again (seed ${seed})`, async () => {
  await withPair(async (pair, proxy) => {
    const options = { url: proxy.urlFor(pair.primary.url), schema: "trial", poolSize: 4 };
    const module = new URL("../src/index.ts", import.meta.url).href;
    const verdict = await runKillTrial({
      seed,
      address: { module, className: "PostgresCheckpointStore", options },
      open: () => PostgresCheckpointStore.connect(options),
      kills: 1,
      killServer: async () => {
        await pair.primary.kill();
        await pair.promote();
        proxy.pointAt(targetOf(pair.standby.url));
      },
    });
    expect(verdict.violations).toEqual([]);
    expect(verdict.kills).toBe(1);
    expect(verdict.acknowledged).toBeGreaterThan(0);
  });
});
