import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** The files that read a wall clock, with the number of readings and the reason why they do not measure a duration. */
const READINGS: Record<string, { times: number; because: string }> = {
  "apps/playground/src/rollout/demo-nodes.ts": { times: 1, because: "the time on a receipt" },
  "packages/core/src/clock.ts": { times: 2, because: "the clock itself, and what makes its readings fit" },
  "packages/core/src/conformance/cases/leases.ts": { times: 1, because: "a hint in words" },
  "packages/core/src/conformance/wrong-clock.ts": { times: 1, because: "makes Date wrong for a case" },
  "packages/core/src/engine/emitter.ts": { times: 1, because: "the timestamps of events" },
  "packages/core/src/engine/engine-events.ts": { times: 1, because: "the timestamps of events" },
  "packages/core/src/engine/fork.ts": { times: 1, because: "the timestamp of the initial checkpoint" },
  "packages/core/src/migration/compare-recording.ts": { times: 1, because: "the timestamp of an outcome" },
  "packages/core/src/migration/direct-calls.ts": { times: 1, because: "the timestamp of an outcome" },
  "packages/core/src/migration/rehearsal-store.ts": { times: 1, because: "a store that keeps nothing" },
  "packages/core/src/migration/replay.ts": { times: 2, because: "to recognize values that are the time of a node" },
  "packages/core/src/migration/rollout.ts": { times: 1, because: "the timestamp of an outcome" },
  "packages/core/src/migration/run-recording.ts": {
    times: 1,
    because: "to recognize values that are the time of a node",
  },
  "packages/core/src/migration/shadow-queue.ts": { times: 1, because: "the timestamp of an outcome" },
  "packages/core/src/state/journal.ts": { times: 1, because: "the timestamp of a checkpoint" },
  "packages/core/src/state/create-execution.ts": { times: 1, because: "the timestamp of the initial checkpoint" },
  "packages/store-memory/src/memory-checkpoint-store.ts": { times: 2, because: "the store's clock: leases go by it" },
  "packages/store-mongo/src/creation.ts": { times: 1, because: "the server's time, for the order of listings" },
  "packages/store-mongo/src/expiry.ts": { times: 1, because: "the server's time: what was deleted long ago by it" },
  "packages/store-mongo/src/definitions.ts": { times: 1, because: "the server's time: leases and expiry go by it" },
  "packages/store-mongo/src/list-by-entry.ts": { times: 1, because: "the server's time: leases and expiry go by it" },
  "packages/store-mongo/src/list-executions.ts": { times: 1, because: "the server's time: leases and expiry go by it" },
  "packages/store-postgres/src/pglite/pglite-clock.ts": {
    times: 1,
    because: "the clock of a database in this process",
  },
  "packages/worker/src/bullmq/bullmq-dispatcher.ts": {
    times: 1,
    because: "BullMQ's jobs have times of the processes' clocks; the store's clock is checked when they are delivered",
  },
  "packages/inspector/src/page/time.ts": {
    times: 2,
    because: "how long ago, for people; the browser has no other clock",
  },
  "apps/playground/src/compare/bench.ts": { times: 1, because: "a pause until a time of the store's" },
  "apps/playground/src/compare/interruptions.ts": { times: 1, because: "a pause until a time of the store's" },
  "apps/playground/src/nodes/http-call.ts": { times: 1, because: "Retry-After may be a date" },
};

const READING =
  /(?<!\bperformance)\.now\(|\b(?:Date|[cC]lock)\.now\b(?!\()|\bnew Date\(\)|\{[^{}=;]*\bnow\b[^{}=;]*\}\s*=\s*[\w.#]*(?:[cC]lock|Date)\b/g;

/** Returns how often a text reads a wall clock, without counting comments. */
function readingsIn(source: string): number {
  const code = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return code.match(READING)?.length ?? 0;
}

it("finds each way to read a wall clock", () => {
  for (const code of [
    "Date.now()",
    "const read = Date.now;",
    "clock.now()",
    "new Date()",
    "const { now } = this.#clock;",
  ]) {
    expect([code, readingsIn(code)]).toEqual([code, 1]);
  }
  for (const code of ["performance.now()", "new Date(ms)", "clock.elapsed()", "// Date.now()", "/** clock.now() */"]) {
    expect([code, readingsIn(code)]).toEqual([code, 0]);
  }
});

// The difference of two readings of a wall clock is not a duration, because machines correct it while they run.
// Durations are measured by `Clock.elapsed()` or `performance.now()`. The store compares ages, leases and due times.
it("the sources read a wall clock only for the listed reasons, never to measure a duration", () => {
  const files = globSync(["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"], { cwd: ROOT });
  const found = files.flatMap((file) => {
    const times = readingsIn(readFileSync(join(ROOT, file), "utf8"));
    return times === 0 ? [] : [[file.replaceAll("\\", "/"), times] as const];
  });
  const listed = Object.entries(READINGS).map(([file, { times }]) => [file, times] as const);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(listed));
});
