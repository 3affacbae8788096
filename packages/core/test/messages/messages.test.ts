import { describe, expect, it } from "vitest";
import { callsOnExecutions } from "./calls-on-executions.ts";
import { callsThatStart } from "./calls-that-start.ts";
import { definitions } from "./definitions.ts";
import { engineOptions } from "./engine-options.ts";
import { results } from "./results.ts";
import { given, refusalOf, SECRET, type WrongCall } from "./wrong-call.ts";

const MAX_LENGTH = 360;

function refuses(wrongCalls: readonly WrongCall[]): void {
  it.each(wrongCalls)("%s", async (_what, call, code, mistake, cure) => {
    const refusal = await refusalOf(() => call(given()));
    expect(refusal.message).toMatch(mistake);
    expect(refusal.message).toMatch(cure);
    expect(refusal.code).toBe(code);
    expect(refusal.message.length).toBeLessThanOrEqual(MAX_LENGTH);
    expect(refusal.message).not.toMatch(/invalid input|undefined is|\[object/i);
    expect(refusal.message).not.toContain(SECRET);
  });
}

describe("the message of a wrong call names the mistake and the cure", () => {
  describe("createWorkflowEngine", () => refuses(engineOptions));
  describe("executeWorkflow", () => refuses(callsThatStart));
  describe("the other members", () => refuses(callsOnExecutions));
  describe("a definition", () => refuses(definitions));
  describe("a node's result", () => refuses(results));
});
