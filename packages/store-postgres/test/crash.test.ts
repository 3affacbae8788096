import { startOwnPostgres } from "tooling/test-servers";
import { runKillTrial, runRaceTrial } from "tooling/trials";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

// The long runs are `node tooling/trials/long.ts postgres`.
const server = await startOwnPostgres();
afterAll(() => server.stop());
const seed = Date.now() % 1_000_000;

const trial = (schema: string) => {
  const options = { url: server.url, schema, poolSize: 4 };
  const module = new URL("../src/index.ts", import.meta.url).href;
  return {
    seed,
    address: { module, className: "PostgresCheckpointStore", options },
    open: () => PostgresCheckpointStore.connect(options),
  };
};

describe(`SIGKILL at random moments (seed ${seed})`, () => {
  it("of the process: every execution ends correctly, and no committed node runs again", async () => {
    const verdict = await runKillTrial({ ...trial("killed_process"), kills: 8 });
    expect(verdict.violations).toEqual([]);
    expect(verdict.kills).toBe(8);
  });

  it("of the server: no acknowledged commit is lost, and no committed node runs again", async () => {
    const verdict = await runKillTrial({ ...trial("killed_server"), kills: 4, killServer: () => server.restart() });
    expect(verdict.violations).toEqual([]);
    expect(verdict.kills).toBe(4);
  });
});

it("eight processes on one execution: one owner, and one winner per version", async () => {
  const { address, open } = trial("raced");
  await using store = await open();
  const verdict = await runRaceTrial({ address, store, processes: 8, versions: 50 });
  expect(verdict.violations).toEqual([]);
});
