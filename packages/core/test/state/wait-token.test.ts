import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { executionIdOf } from "../../src/state/token-owner.ts";
import { waitTokenOf } from "../../src/state/wait-token.ts";

const ID = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 100 })
  .filter((id) => !id.includes("\0") && Buffer.byteLength(id) <= 512);
const RUN = { nodeId: "n1", visit: 1 };

describe("the token of a wait", () => {
  it("names its execution, whatever the id, and is safe in an address", () => {
    fc.assert(
      fc.property(ID, fc.string(), (id, instance) => {
        const token = waitTokenOf({ id, instance }, RUN);
        expect(executionIdOf(token)).toBe(id);
        expect(encodeURIComponent(token)).toBe(token);
        expect(new URL(`https://example.com/${token}?t=${token}#${token}`).href).toContain(
          `/${token}?t=${token}#${token}`,
        );
      }),
    );
  });

  it("is another one for each execution, instance, node, visit and wait of a visit", () => {
    const parts = { id: "e1", instance: "i1" };
    const first = waitTokenOf(parts, RUN);
    const tokens = [
      first,
      waitTokenOf({ ...parts, id: "e2" }, RUN),
      waitTokenOf({ ...parts, instance: "i2" }, RUN),
      waitTokenOf(parts, { ...RUN, nodeId: "n2" }),
      waitTokenOf(parts, { ...RUN, visit: 2 }),
      waitTokenOf(parts, RUN, first),
      waitTokenOf(parts, { nodeId: "n1,1", visit: 1 }),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(waitTokenOf(parts, RUN)).toBe(first);
  });

  it("names nothing if it is any other text, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.base64String()), (text) => {
        expect(executionIdOf(text)).toBeUndefined();
        expect(executionIdOf(`ww_${text}`)).toBeUndefined();
        const id = executionIdOf(`ww_${text}.${"A".repeat(43)}`);
        if (id !== undefined) expect(Buffer.from(id).toString("base64url")).toBe(text);
      }),
    );
  });

  it.each([
    ["an empty id", ""],
    ["an id with U+0000", Buffer.from("a\0").toString("base64url")],
    ["an id of 513 bytes", Buffer.from("x".repeat(513)).toString("base64url")],
    ["no UTF-8", Buffer.from([0xff]).toString("base64url")],
    ["a surrogate in UTF-8", Buffer.from([0xed, 0xa0, 0x80]).toString("base64url")],
    ["an id in another spelling", `${Buffer.from("ab").toString("base64url").slice(0, -1)}J`],
  ])("names nothing if it holds %s", (_what, encoded) => {
    expect(executionIdOf(`ww_${encoded}.${"A".repeat(43)}`)).toBeUndefined();
  });
});
