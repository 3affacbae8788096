import { readFile } from "node:fs/promises";
import vm from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWorkflowError, WorkflowError } from "../../src/errors.ts";
import { describeFailure } from "../../src/state/failure.ts";
import type { ErrorRecord } from "../../src/store/checkpoint-store.ts";

const thrownBy = async (run: () => unknown): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
};

describe("a failure's record", () => {
  it("keeps name, message, stack, code and status of an error, beside the engine's code", () => {
    const error = Object.assign(new TypeError("Request failed"), { code: "ECONNREFUSED", status: 503 });
    expect(describeFailure(error, { nodeId: "n", nodeName: "N", attempts: 2 })).toEqual({
      code: "NODE_FAILED",
      message: "Request failed",
      nodeId: "n",
      nodeName: "N",
      attempts: 2,
      name: "TypeError",
      errorCode: "ECONNREFUSED",
      status: 503,
      stack: error.stack,
    });
  });

  it("keeps the errors of fetch and of the file system", async () => {
    const refused = await thrownBy(() => fetch("http://127.0.0.1:1/"));
    expect(describeFailure(refused)).toMatchObject({ name: "TypeError", message: "fetch failed", cause: {} });
    expect(JSON.stringify(describeFailure(refused))).toMatch(/ECONNREFUSED|bad port/);
    const missing = await thrownBy(() => readFile("/no/such/file"));
    expect(describeFailure(missing)).toMatchObject({ name: "Error", errorCode: "ENOENT" });
    const foreign = vm.runInNewContext("new RangeError('far')");
    expect(describeFailure(foreign)).toMatchObject({ name: "RangeError", message: "far", stack: expect.any(String) });
  });

  it.each([
    ["status", { status: 429 }],
    ["statusCode", { statusCode: 429 }],
    ["that of its response", { response: { status: 429, data: "secret" }, config: { headers: "secret" } }],
    ["that of an AWS client", { $metadata: { httpStatusCode: 429 } }],
  ])("knows the status as %s, and keeps nothing else", (_what, fields) => {
    const record = describeFailure(Object.assign(new Error("limit"), fields, { request: "secret", row: ["secret"] }));
    expect(record.status).toBe(429);
    expect(JSON.stringify(record)).not.toContain("secret");
  });

  it("keeps the chain of causes and the errors of an AggregateError, nested in any way", () => {
    const inner = Object.assign(new Error("inner", { cause: { code: 7, message: "plain" } }), { code: "E1" });
    const several = new AggregateError([inner, "text", new Error("other")], "several");
    const record = describeFailure(new Error("outer", { cause: new Error("middle", { cause: several }) }));
    expect(record.cause).toMatchObject({
      message: "middle",
      name: "Error",
      stack: expect.stringContaining("middle"),
      cause: {
        name: "AggregateError",
        message: "several",
        errors: [
          { message: "inner", code: "E1", cause: { message: "plain", code: 7 } },
          { message: "text" },
          { message: "other" },
        ],
      },
    });
    expect(describeFailure(several).errors).toHaveLength(3);
  });

  it("keeps both errors of a SuppressedError, which is also made where the runtime has none", () => {
    const suppressed = Object.assign(new Error("card declined", { cause: new Error("limit") }), { code: "E_CARD" });
    const error = Object.assign(new Error("An error was suppressed during disposal."), {
      name: "SuppressedError",
      error: new Error("connection closed"),
      suppressed,
    });
    expect(describeFailure(error)).toMatchObject({
      name: "SuppressedError",
      errors: [
        { message: "connection closed" },
        { message: "card declined", code: "E_CARD", cause: { message: "limit" } },
      ],
    });
    const nested = Object.assign(new Error("outer"), { name: "SuppressedError", error: "text", suppressed: error });
    expect(describeFailure(nested).errors?.[1]?.errors?.[1]).toMatchObject({ message: "card declined" });
  });

  it("keeps no field of another error that only has the name of one", () => {
    const error = Object.assign(new Error("refused"), { error: { message: "a card's number" }, suppressed: ["4111"] });
    expect(describeFailure(error)).not.toHaveProperty("errors");
  });

  it("takes the engine's code from the engine alone", () => {
    const error = new WorkflowError("LEASE_LOST", "of another engine");
    expect(describeFailure(error)).toMatchObject({ code: "NODE_FAILED", errorCode: "LEASE_LOST" });
    const own = describeFailure(error, { code: "LEASE_LOST" });
    expect(own).toMatchObject({ code: "LEASE_LOST", message: "of another engine" });
    expect(own).not.toHaveProperty("errorCode");
  });

  it("cuts credentials out of addresses, at every depth, and escapes control characters", () => {
    const text = "connect postgres://app:hunter2@db.example/x failed\u001b[31m";
    const error = new AggregateError([new Error(text)], text, { cause: new Error(text) });
    const record = JSON.stringify(describeFailure(error));
    expect(record).not.toContain("hunter2");
    expect(record).not.toContain("\u001b");
    expect(record).toContain("postgres://***@db.example/x");
  });

  it("keeps no more of an object without a message than its code, name and status", () => {
    const thrown = { code: "E_CARD", name: "CardError", status: 402, card: "4111", body: { card: "4111" } };
    const record = describeFailure(thrown);
    expect(record).toMatchObject({ errorCode: "E_CARD", name: "CardError", status: 402 });
    expect(JSON.stringify(record)).not.toContain("4111");
  });

  it("keeps the lines of code of an error with a long message", () => {
    const record = describeFailure(new Error("x".repeat(1_000_000)));
    expect(record.message.length).toBeLessThan(8_200);
    expect(record.stack).toContain("failure.test.ts");
  });

  it("is bounded, however much was thrown", () => {
    const big = (depth: number): Error => {
      const texts = Object.assign(new Error("\u0001".repeat(50_000)), {
        stack: "漢".repeat(50_000),
        code: "字".repeat(999),
      });
      if (depth === 0) return texts;
      const errors = Array.from({ length: 30 }, () => texts);
      return Object.assign(texts, { cause: big(depth - 1), errors });
    };
    expect(Buffer.byteLength(JSON.stringify(describeFailure(big(20))))).toBeLessThan(256 * 1_024);
  });

  it("stops at cycles", () => {
    const error: Error & { errors?: unknown[] } = new Error("a");
    error.cause = new Error("b", { cause: error });
    error.errors = [error, error.cause];
    expect(describeFailure(error)).toMatchObject({ message: "a", cause: { message: "b" } });
  });
});

/** Values of every type, objects whose properties have odd types or throw when they are read, and proxies. */
const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, undefined, Number.NaN, 1n, Symbol("s"), () => 1, "text", "\ud800\0", ""),
    fc.anything(),
    fc
      .tuple(
        fc.dictionary(
          fc.constantFrom("message", "name", "code", "status", "stack", "cause", "errors", "details", "constructor"),
          tie("anything"),
        ),
        fc.constantFrom("plain", "error", "throwing", "proxy", "branded"),
      )
      .map(([fields, how]) => {
        const error = how === "error" || how === "branded" ? new Error("x") : {};
        for (const [key, value] of Object.entries(fields)) {
          const get = () => {
            if (how === "throwing") throw new Error("no");
            return value;
          };
          Object.defineProperty(error, key, { get, configurable: true, enumerable: true });
        }
        if (how === "branded") Object.defineProperty(error, Symbol.for("waymark.WorkflowError"), { value: true });
        return how === "proxy" ? new Proxy(error, { get: (on, key) => Reflect.get(on, key) }) : error;
      }),
  ),
}));

describe("whatever was thrown", () => {
  it("becomes plain JSON that every store can keep", () => {
    fc.assert(
      fc.property(anything, (thrown) => {
        const record = describeFailure(thrown, { nodeId: "n" });
        expect(JSON.parse(JSON.stringify(record))).toEqual(record);
        expect(record).toMatchObject({ code: "NODE_FAILED", message: expect.any(String), nodeId: "n" });
        const text = JSON.stringify(record);
        expect(text.includes("\\u0000")).toBe(false);
        const check = ({ message, name, stack, cause, errors = [] }: ErrorRecord): void => {
          for (const each of [message, name ?? "", stack ?? ""]) expect(each.isWellFormed()).toBe(true);
          if (cause !== undefined) check(cause);
          for (const each of errors) check(each);
        };
        check(record as ErrorRecord);
      }),
      { numRuns: 1_000, examples: [[{ status: -0 }], [{ code: -0 }]] },
    );
  });

  it("may be a revoked proxy, also as a cause or an error", () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(describeFailure(proxy)).toEqual({ code: "NODE_FAILED", message: expect.any(String) });
    const error = Object.assign(new Error("x", { cause: proxy }), { errors: proxy });
    expect(describeFailure(error)).toMatchObject({ message: "x", cause: { message: expect.any(String) } });
  });

  it("is a WorkflowError only if it has a code, a message and details", () => {
    const branded = (fields: object) =>
      Object.defineProperty(Object.assign(new Error("x"), fields), Symbol.for("waymark.WorkflowError"), {
        value: true,
      });
    expect(isWorkflowError(branded({ code: "OF_A_NEWER_VERSION", details: {} }))).toBe(true);
    expect(isWorkflowError(new WorkflowError("LEASE_LOST", ""), "LEASE_LOST")).toBe(true);
    for (const code of [undefined, 1, null, {}, "", "lease lost", "X".repeat(99), { toString: () => "LEASE_LOST" }]) {
      expect(isWorkflowError(branded({ code, details: {} }))).toBe(false);
    }
    expect(isWorkflowError(branded({ code: "LEASE_LOST" }))).toBe(false);
    expect(isWorkflowError(branded({ code: "LEASE_LOST", details: {}, message: 1 }))).toBe(false);
    expect(isWorkflowError(new Proxy({}, { get: () => true }))).toBe(false);
  });
});
