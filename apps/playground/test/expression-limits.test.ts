import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isNonRetryableError } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { evaluate, evaluateEach, render, renderDeep } from "../src/nodes/expression.ts";
import { ifNode } from "../src/nodes/if.ts";
import { createIterate } from "../src/nodes/iterate.ts";
import { canvas, folderWith, runCli } from "./run-cli.ts";
import { runNode } from "./run-node.ts";

const NEVER_ENDS = '$match($pad("", 50, "a") & "!", /^(a+)+$/)';
const limits = { timeoutMs: 100 };
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe("an expression that does not end by itself", () => {
  it.each([
    ["a regular expression", NEVER_ENDS],
    ["a function that calls itself last", "($f := function($x) { $f($x + 1) }; $f(1))"],
    ["a function that calls itself", "($f := function($x) { 1 + $f($x + 1) }; $f(1))"],
  ])("%s is stopped at its limit, and the next one works", async (_, source) => {
    const error = await errorOf(evaluate(source, {}, limits));
    expect(isNonRetryableError(error)).toBe(true);
    expect(error?.message).toMatch(/^Expression ".*": took longer than 100 ms$/);
    expect(await evaluate("1 + 1", {})).toBe(2);
  });

  it.each([
    ["in a template", () => render(`a {{${NEVER_ENDS}}}`, {}, limits)],
    ["in a text inside a value", () => renderDeep({ a: ["x", `{{${NEVER_ENDS}}}`] }, {}, limits)],
    ["on an item", () => evaluateEach(NEVER_ENDS, [1, 2], limits)],
    ["in the search for the end of a template", () => render(`{{${"}}".repeat(50_000)}`, {}, limits)],
  ])("is stopped %s", async (_, run) => {
    expect((await errorOf(run()))?.message).toContain("took longer than 100 ms");
  });

  it("is stopped by its signal and throws the signal's reason", async () => {
    const controller = new AbortController();
    const running = errorOf(evaluate(NEVER_ENDS, {}, { timeoutMs: 60_000, signal: controller.signal }));
    const behind = evaluate("1", {});
    const reason = new Error("the run has no time left");
    controller.abort(reason);
    expect(await running).toBe(reason);
    expect(await behind).toBe(1);
    expect(await errorOf(evaluate("1", {}, { signal: controller.signal }))).toBe(reason);
  });

  it("does not disturb others in the queue when it is aborted", async () => {
    const controller = new AbortController();
    const first = errorOf(evaluate(NEVER_ENDS, {}, limits));
    const second = errorOf(evaluate("2", {}, { signal: controller.signal }));
    const third = evaluate("3", {});
    controller.abort();
    expect((await second)?.name).toBe("AbortError");
    expect((await first)?.message).toContain("took longer");
    expect(await third).toBe(3);
  });

  it("ends with the node that waits for it", async () => {
    const call = () => ({ context: {}, signal: AbortSignal.timeout(100) });
    const nodes = [
      runNode(ifNode, { ...call(), data: { condition: NEVER_ENDS } }),
      runNode(createIterate({ baseUrl: undefined }), { ...call(), data: { items: "[1]", each: NEVER_ENDS } }),
    ];
    const errors = await Promise.all(nodes.map(errorOf));
    expect(errors.map((error) => error?.name)).toEqual(["TimeoutError", "TimeoutError"]);
  });

  it("does not prevent the report of a comparison within --timeout", async () => {
    await using folder = await folderWith({ "regex.json": canvas([["check", "if", { condition: NEVER_ENDS }]]) });
    const { code, report } = await runCli(["compare", "regex.json", "--timeout", "5", "--json"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(report().workflows[0]?.difference).toMatch(
      /V1 failed: Expression .*2000 ms\nV2 failed: .*Expression .*2000 ms/,
    );
  });
});

describe("an expression that takes too much", () => {
  it.each([
    ["one long text", "$length($pad('x', 500000000))", "256 MiB of memory"],
    ["a list that doubles", "($f := function($x) { $f($append($x, $x)) }; $f([1, 2, 3]))", "256 MiB of memory"],
    ["a result that is too large", "[1..9999999]", "32 MiB"],
    ["brackets without end", "(".repeat(100_000), "Expression"],
  ])("%s ends only the expression", async (_, source, says) => {
    const error = await errorOf(evaluate(source, {}, { timeoutMs: 60_000 }));
    expect(isNonRetryableError(error)).toBe(true);
    expect(error?.message).toContain(says);
    expect(error?.message.length).toBeLessThan(1_000);
    expect(await evaluate("1 + 1", {})).toBe(2);
  });
});

describe("values that are sent to the process and back", () => {
  class Money {
    readonly cents = 500;
    add() {
      return this;
    }
  }

  it("keep types that JSON lacks", async () => {
    const input = { date: new Date(0), big: 1n, nothing: undefined, odd: Number.NaN };
    expect(await evaluate("$", input)).toEqual(input);
    const own = JSON.parse('{ "__proto__": { "a": 1 } }');
    expect(await evaluate("$", own)).toEqual(own);
  });

  it("may be instances: expressions see their fields and can return them", async () => {
    const money = new Money();
    const map = new Map([[1, 2]]);
    const input = Object.freeze({ order: { money, list: [money], map, print() {} } });
    const source = '{ "cents": order.money.cents + 1, "money": order.money, "list": order.list[], "map": order.map }';
    const result = (await evaluate(source, input)) as { money: Money; list: Money[]; map: unknown };
    expect(result).toEqual({ cents: 501, money, list: [money], map });
    expect(result.money).toBe(money);
    expect(result.list[0]).toBe(money);
    expect(result.map).toBe(map);
  });

  it("may not be functions in a result", async () => {
    const error = await errorOf(evaluate("print", { print() {} }));
    expect(isNonRetryableError(error)).toBe(true);
    expect(error?.message).toContain("returns a function");
  });

  it("may not throw when they are read, and the error says why", async () => {
    const input = Object.defineProperty({}, "broken", {
      enumerable: true,
      get() {
        throw new Error("no such row");
      },
    });
    expect((await errorOf(evaluate("1", input)))?.message).toContain("no such row");
  });

  it("may contain themselves", async () => {
    const input: Record<string, unknown> = { a: 1, of: new Money() };
    input.self = input;
    expect(await evaluate("self.self.a", input)).toBe(1);
  });
});

it("the main process can end once the work is done", async () => {
  const module = fileURLToPath(new URL("../src/nodes/expression.ts", import.meta.url));
  const code = `const { evaluate } = await import(${JSON.stringify(module)}); console.log(await evaluate("1 + 1", {}));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  expect(stdout).toBe("2\n");
});
