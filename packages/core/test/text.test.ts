import { cleanText, listed, quoted, safeError } from "@waymark/core/store";
import { describe, expect, it } from "vitest";

const CONTROLS = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join("");

describe("text from outside", () => {
  it("is quoted on one line, with every control character escaped", () => {
    expect(quoted("a\nb\u001b[31m\u009b\u2028\u202e")).toBe('"a\\u000ab\\u001b[31m\\u009b\\u2028\\u202e"');
    expect(quoted(CONTROLS)).not.toMatch(/\p{Cc}/u);
    expect(quoted('say "hi" \\')).toBe('"say \\"hi\\" \\\\"');
  });

  it("is cut to the given length when quoted", () => {
    expect(quoted("x".repeat(20_000_000))).toBe(`"${"x".repeat(120)}…"`);
  });

  it("loses user and password of an address when quoted, also where it is cut", () => {
    expect(quoted("no postgres://ann:s3cret@db/x")).toBe('"no postgres://***@db/x"');
    expect(quoted("redis://user:secret@host", 14)).toBe('"redis://***@ho…"');
    expect(listed(["redis://:p@host"])).toBe('"redis://***@host"');
  });

  it("is quoted though it has no text", () => {
    const hostile = {
      toString() {
        throw new Error("gotcha");
      },
    };
    for (const value of [Object.create(null), hostile]) expect(quoted(value)).toBe('"(a value without a text)"');
    expect(quoted(Symbol("s"))).toBe('"Symbol(s)"');
  });

  it("is listed with the number of omitted items", () => {
    expect(listed(["a", "b"])).toBe('"a", "b"');
    expect(listed(Array.from({ length: 100_000 }, (_, i) => i))).toMatch(/^"0", .*"9" and 99990 more$/);
  });

  it("keeps line breaks, but loses control characters and credentials when cleaned", () => {
    expect(cleanText("one\n\ttwo\u0007\r")).toBe("one\n\ttwo\\u0007\\u000d");
    expect(cleanText("connect to postgres://ann:s3cret@db:5432/x failed")).toBe(
      "connect to postgres://***@db:5432/x failed",
    );
    expect(cleanText("redis://:p@ss@host")).toBe("redis://***@host");
    expect(cleanText("'postgres://ann:it's3cret@db/x' failed")).toBe("'postgres://***@db/x' failed");
    expect(cleanText("redis://u:a/b@host/0 and redis://v:c@host")).toBe("redis://***@host/0 and redis://***@host");
    expect(cleanText("redis://user:secret@host", 14)).toBe("redis://***@ho…");
    expect(cleanText("x".repeat(9_000))).toHaveLength(8_193);
    expect(cleanText("\ud800")).toBe("\ufffd");
  });

  it("keeps file paths, which have no credentials, when cleaned", () => {
    const line = "    at file:///app/node_modules/.pnpm/pkg@1.2.3/node_modules/pkg/index.js:1:2";
    expect(cleanText(line)).toBe(line);
    expect(cleanText(`${line},http://u:secret@h/`)).toBe(`${line},http://***@h/`);
    expect(cleanText("file://u:secret@h/x")).toBe("file://***@h/x");
  });
});

describe("safeError", () => {
  it("keeps name, message, code and stack, and nothing else", () => {
    const thrown = Object.assign(new TypeError("no route to redis://u:secret@h"), {
      code: "ENOROUTE",
      command: { name: "set", args: ["key", "payload"] },
      cause: new Error("hidden"),
    });
    const safe = safeError(thrown);
    expect(safe).toMatchObject({ name: "TypeError", message: "no route to redis://***@h", code: "ENOROUTE" });
    expect(safe.stack).toContain("TypeError: no route to redis://***@h");
    expect(Object.keys(safe)).toEqual(["code"]);
    expect(safe.cause).toBeUndefined();
  });

  it("never throws, whatever it is given", () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
      },
    );
    for (const value of [undefined, null, 1, "text", Symbol("s"), hostile, { message: 1, stack: {} }]) {
      expect(safeError(value)).toBeInstanceOf(Error);
    }
    expect(safeError("text").message).toBe("text");
  });
});
