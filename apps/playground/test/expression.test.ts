import { isNonRetryableError } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { evaluate, render, renderDeep } from "../src/nodes/expression.ts";
import { deepFreeze } from "./run-node.ts";

const context = deepFreeze({
  order: {
    id: "A-1",
    lines: [
      { sku: "a", quantity: 2 },
      { sku: "b", quantity: 3 },
    ],
  },
  one: [{ sku: "c" }],
});

describe("evaluate", () => {
  it("evaluates a frozen context, although JSONata marks arrays", async () => {
    expect(await evaluate("$sum(order.lines.quantity)", context)).toBe(5);
    expect(await evaluate("order.lines[]", context)).toEqual(context.order.lines);
    expect(await evaluate("one[]", context)).toEqual([{ sku: "c" }]);
    expect(context.one).toEqual([{ sku: "c" }]);
  });

  it("returns arrays without extra properties", async () => {
    const result = await evaluate("order.lines.sku", context);
    expect(Reflect.ownKeys(result as object)).toEqual(["0", "1", "length"]);
  });

  it("passes variables to the expression", async () => {
    expect(await evaluate("$index + 1", {}, { bindings: { index: 4 } })).toBe(5);
  });

  it.each([
    ["order.", "order."],
    ["$nosuch(order)", "$nosuch(order)"],
    ["function($x) { $x }", "a function"],
    ["{'f': [$sum]}", "a function"],
  ])("refuses %s without a retry, and names it", async (source, said) => {
    const error = await evaluate(source, context).catch((thrown: unknown) => thrown);
    expect(isNonRetryableError(error)).toBe(true);
    expect((error as Error).message).toContain(said);
  });
});

describe("render", () => {
  it("inserts values into a text", async () => {
    expect(await render("Order {{order.id}}: {{$count(order.lines)}} lines, {{nothing}}.", context)).toBe(
      "Order A-1: 2 lines, .",
    );
  });

  it("returns the value itself if the text is one expression", async () => {
    expect(await render("{{order.lines.quantity}}", context)).toEqual([2, 3]);
    expect(await render("", context)).toBe("");
  });

  it("accepts closing braces inside an expression", async () => {
    expect(await render('{{ {"a": {"b": order.id}} }}', context)).toEqual({ a: { b: "A-1" } });
    expect(await render('x{{ {"a": {"b": 1}}.a.b }}y', context)).toBe("x1y");
  });

  it("encodes inserted values, but not a whole address at the start", async () => {
    const input = { base: "http://x.example/y", name: "a/b c" };
    expect(await render("{{base}}/{{name}}", input, { encode: encodeURIComponent })).toBe(
      "http://x.example/y/a%2Fb%20c",
    );
  });

  it("refuses an expression that is not closed", async () => {
    await expect(render("{{order.id", context)).rejects.toThrow("does not close");
    await expect(render("{{ 1 + }} and", context)).rejects.toThrow("1 +");
  });

  it("fills every text of a value", async () => {
    expect(await renderDeep({ a: ["{{order.id}}", 1, null], "{{k}}": { b: "-{{order.id}}" } }, context)).toEqual({
      a: ["A-1", 1, null],
      "{{k}}": { b: "-A-1" },
    });
  });
});
