import { describe, expect, it } from "vitest";
import { bullmqDispatcher } from "../src/bullmq/index.ts";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { refuseOldNode } from "../src/pg-boss/options.ts";

const refused = (problem: string) =>
  expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(problem) });

describe("pgBossDispatcher", () => {
  it.each([
    [{}, "url or pglite"],
    [{ url: "postgres://h/d", pglite: { exec: () => 0 } }, "url or pglite"],
    [{ url: 1 }, "url"],
    [{ url: "x", tenantConcurrency: 0 }, "tenantConcurrency"],
    [{ url: "x", pollIntervalMs: 1 }, "pollIntervalMs"],
    [{ url: "x", redeliverAfterMs: 5_000 }, "redeliverAfterMs"],
    [{ url: "x", queue: "a:b" }, "queue"],
    [{ url: "x", retryLimit: 3 }, "retryLimit"],
  ])("refuses %j", (options, problem) => {
    expect(() => pgBossDispatcher(options as never)).toThrow(refused(problem));
  });

  it.each(["20.19.0", "22.11.9", "21.7.0"])("refuses Node.js %s, and says which one it needs", (version) => {
    expect(() => refuseOldNode(version)).toThrow(refused("22.12"));
  });

  it.each(["22.12.0", "24.0.0", "100.0.0"])("takes Node.js %s", (version) => {
    expect(() => refuseOldNode(version)).not.toThrow();
  });
});

describe("bullmqDispatcher", () => {
  it.each([
    [{}, "connection"],
    [{ connection: "redis://h" }, "connection"],
    [{ connection: {}, prefix: "" }, "prefix"],
    [{ connection: {}, queue: "a:b" }, "queue"],
    [{ connection: {}, redeliverAfterMs: 1 }, "redeliverAfterMs"],
    [{ connection: {}, attempts: 3 }, "attempts"],
  ])("refuses %j", (options, problem) => {
    expect(() => bullmqDispatcher(options as never)).toThrow(refused(problem));
  });
});
