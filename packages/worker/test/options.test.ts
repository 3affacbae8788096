import { inspect } from "node:util";
import { createWorkflowEngine } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { Cluster, Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { bullmqDispatcher } from "../src/bullmq/index.ts";
import { createWorker } from "../src/index.ts";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { refuseOldNode } from "../src/pg-boss/options.ts";

const refused = (problem: string) =>
  expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(problem) });

describe("pgBossDispatcher", () => {
  it("whose database cannot be reached says so in `setup`, without the password", async () => {
    // Nobody listens at port 1.
    const dispatcher = pgBossDispatcher({ url: "postgres://me:secret-word@127.0.0.1:1/app", onError: () => 0 });
    const error = await dispatcher.setup().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "connection" } });
    expect(String(error)).toContain("Check that its database runs");
    expect(inspect(error, { depth: 9 })).not.toContain("secret-word");
    await dispatcher.close();
  });

  it("whose database cannot be reached is reported when a worker begins", async () => {
    const errors: Error[] = [];
    const url = "postgres://me:secret-word@127.0.0.1:1/app";
    const dispatcher = pgBossDispatcher({ url, onError: (error) => errors.push(error) });
    const { signal } = new AbortController();
    const working = dispatcher.work(async () => ({}), { concurrency: 1, signal });
    await expect(working).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(errors).toContainEqual(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    await dispatcher.close();
  });

  it.each([
    [{}, "url or pglite"],
    [{ url: "postgres://h/d", pglite: { exec: () => 0 } }, "url or pglite"],
    [{ url: 1 }, "url"],
    // Without an address, pg would take a server on this machine.
    [{ url: "" }, "url"],
    [{ url: "localhost" }, "url"],
    [{ url: "http://localhost/app" }, "url"],
    [{ url: "postgres://h/d", schema: "" }, "schema"],
    [{ url: "postgres://h/d", schema: "a-b" }, "schema"],
    [{ url: "postgres://h/d", schema: "s".repeat(51) }, "schema"],
    [{ url: "postgres://h/d", queue: 5 }, "queue"],
    [{ url: "postgres://h/d", tenantConcurrency: 0 }, "tenantConcurrency"],
    [{ url: "postgres://h/d", pollIntervalMs: 1 }, "pollIntervalMs"],
    [{ url: "postgres://h/d", redeliverAfterMs: 5_000 }, "redeliverAfterMs"],
    [{ url: "postgres://h/d", queue: "a:b" }, "queue"],
    [{ url: "postgres://h/d", retryLimit: 3 }, "retryLimit"],
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

describe("a message names the call, the mistake and the cure, and shows no address:", () => {
  const worker = createWorker as (options?: unknown) => unknown;
  const pgBoss = pgBossDispatcher as (options?: unknown) => unknown;
  const bullmq = bullmqDispatcher as (options?: unknown) => unknown;
  const engine = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [], executors: {} });
  const url = "redis://:hunter2@localhost";

  it.each([
    [
      "createWorker()",
      () => worker(),
      "createWorker takes an object of options, such as { engine: … }, but was given nothing.",
    ],
    ["createWorker(engine)", () => worker(engine), "write createWorker({ engine })"],
    [
      "createWorker({ store })",
      () => worker({ store: {} }),
      '"store" is not a known field of the options of createWorker (known: "engine", "concurrency", "sweepIntervalMs").',
    ],
    ["an engine of one user", () => worker({ engine: engine.forUser("u1") }), "and not one of forUser"],
    [
      "pgBossDispatcher(url)",
      () => pgBoss(url),
      "pgBossDispatcher takes an object of options, such as { url: … }, not a string.",
    ],
    [
      "bullmqDispatcher(url)",
      () => bullmq(url),
      "bullmqDispatcher takes an object of options, such as { connection: … }, not a string.",
    ],
    ["bullmqDispatcher({ url })", () => bullmq({ url }), "write connection: { url: … }"],
    [
      "bullmqDispatcher with a URL",
      () => bullmq({ connection: { url: new URL(url) } }),
      'connection.url must be a string, not an instance of "URL": write connection.url.href.',
    ],
    [
      "bullmqDispatcher with the address of another server",
      () => bullmq({ connection: { url: "http://:hunter2@localhost" } }),
      "connection.url must begin with redis:// or rediss://.",
    ],
    [
      "bullmqDispatcher with a client that was not awaited",
      () => bullmq({ connection: Promise.resolve({}) }),
      "not a Promise: await it.",
    ],
    [
      "pgBossDispatcher({ url, pglite })",
      () => pgBoss({ url: "postgres://h/d", pglite: { exec: () => 0 } }),
      "options must have url or pglite, and not both.",
    ],
  ])("%s", (_what, call, words) => {
    expect(call).toThrow(refused(words));
    expect(call).not.toThrow("hunter2");
  });
});

describe("bullmqDispatcher", () => {
  it.each([
    [{}, "connection"],
    [{ connection: "redis://h" }, "connection"],
    [{ connection: [] }, "connection"],
    [{ connection: {}, prefix: "" }, "prefix"],
    [{ connection: {}, queue: 5 }, "queue"],
    [{ connection: {}, queue: "a:b" }, "queue"],
    [{ connection: {}, redeliverAfterMs: 1 }, "redeliverAfterMs"],
    [{ connection: {}, attempts: 3 }, "attempts"],
  ])("refuses %j", (options, problem) => {
    expect(() => bullmqDispatcher(options as never)).toThrow(refused(problem));
  });

  it("refuses a client with which BullMQ takes no jobs, and takes one with which it does", () => {
    const limited = [
      new Redis({ lazyConnect: true }),
      new Cluster([], { lazyConnect: true, redisOptions: { maxRetriesPerRequest: 3 } }),
    ];
    for (const connection of limited) {
      expect(() => bullmqDispatcher({ connection })).toThrow(refused("maxRetriesPerRequest: null"));
    }
    const connection = new Redis({ lazyConnect: true, maxRetriesPerRequest: null });
    expect(() => bullmqDispatcher({ connection })).not.toThrow();
  });
});
