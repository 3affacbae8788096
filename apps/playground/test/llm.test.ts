import { isRetryAfterError } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { createLlm } from "../src/nodes/llm.ts";
import { startServiceServer } from "../src/server/service-server.ts";
import { startMessagesApi } from "./messages-api.ts";
import { runNode } from "./run-node.ts";

const TICKET = "Our card was charged twice for the invoice. Please refund it today.";
const labelled = { prompt: "{{text}}", labels: ["bug", "billing"], as: "topic" };

describe("llm, with answers of the stand-in", () => {
  it("picks one of the labels, always the same", async () => {
    await using services = await startServiceServer();
    const llm = createLlm({ baseUrl: services.url, model: "m" });
    const run = () => runNode(llm, { data: labelled, context: { text: TICKET } });
    const first = await run();
    expect(first).toMatchObject({ topic: { label: "billing", text: "billing", model: "m" } });
    expect(await run()).toEqual(first);
    expect(services.ledger.entries.map(({ path }) => path)).toEqual(["/v1/messages", "/v1/messages"]);
  });

  it("answers a free question with a text", async () => {
    await using services = await startServiceServer();
    const llm = createLlm({ baseUrl: services.url, model: "m" });
    const next = await runNode(llm, { data: { prompt: "A customer wrote.\n\n{{text}}" }, context: { text: TICKET } });
    expect(next).toMatchObject({ node: { text: expect.stringContaining("charged twice") } });
  });

  it("can be rate-limited", async () => {
    await using services = await startServiceServer();
    services.reset([{ path: "/v1/messages", after: 0, delayMs: 0, status: 429, retryAfterSeconds: 2 }]);
    const llm = createLlm({ baseUrl: services.url, model: "m" });
    const error = await runNode(llm, { data: labelled, context: { text: TICKET } }).catch((thrown: unknown) => thrown);
    expect(isRetryAfterError(error)).toBe(true);
  });
});

describe("llm, with a real API", () => {
  it("sends key, version and question once, and returns the same answer to the second executor", async () => {
    await using api = await startMessagesApi({ status: 200, answer: () => "billing" });
    await using services = await startServiceServer({ llm: { baseUrl: api.url, apiKey: "secret" } });
    const llm = createLlm({ baseUrl: services.url, model: "m" });
    const run = (idempotencyKey: string) => runNode(llm, { data: labelled, context: { text: TICKET }, idempotencyKey });
    expect(await run("k1")).toEqual(await run("k2"));
    expect(api.requests).toHaveLength(1);
    expect(api.requests[0]).toMatchObject({
      headers: { "x-api-key": "secret", "anthropic-version": "2023-06-01" },
      body: { model: "m", messages: [{ role: "user", content: TICKET }] },
    });
  });

  it("forwards a refusal with its Retry-After, and asks again next time", async () => {
    await using api = await startMessagesApi({ status: 429, answer: () => "" });
    await using services = await startServiceServer({ llm: { baseUrl: api.url, apiKey: "secret" } });
    const llm = createLlm({ baseUrl: services.url, model: "m" });
    const run = () => runNode(llm, { data: labelled, context: { text: TICKET } }).catch((thrown: unknown) => thrown);
    expect(await run()).toMatchObject({ retryAfterMs: 3_000 });
    await run();
    expect(api.requests).toHaveLength(2);
    expect(services.ledger.entries.map(({ outcome }) => outcome)).toEqual(["refused", "refused"]);
  });

  it("refuses an answer that is not one of the labels", async () => {
    await using api = await startMessagesApi({ status: 200, answer: () => "something else" });
    const llm = createLlm({ baseUrl: api.url, apiKey: "secret", model: "m" });
    await expect(runNode(llm, { data: labelled, context: { text: TICKET } })).rejects.toThrow(
      "not one of bug, billing",
    );
  });
});
