import { describe, expect, it } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import type { CodecType } from "../../src/state/codec-types.ts";
import { ContextValues } from "../../src/state/context-values.ts";
import { copyData } from "../../src/state/copy-data.ts";
import { difference } from "../../src/state/delta.ts";

class NotFound extends Error {
  request = new Map([[this, 1]]);
}
const errors: CodecType<Error, string> = {
  name: "Failure",
  test: (value) => value instanceof Error,
  encode: ({ message }) => message,
  decode: (message) => new NotFound(message),
};
const link: CodecType<URL, { host: string }> = {
  name: "URL",
  test: (value) => value instanceof URL && value.protocol === "http:",
  encode: ({ host }) => ({ host }),
  decode: ({ host }) => new URL(`http://${host}/`),
};

describe("a type of one's own for a built-in class", () => {
  it("comes before the codec's own", () => {
    const codec = new Codec({ types: [errors] });
    for (const error of [new Error("a"), new NotFound("a")]) {
      const text = codec.encode({ error });
      expect(text).toBe('{"error":{"$type":"Failure","value":"a"}}');
      const value = codec.decode(text) as { error: Error };
      expect(value.error).toBeInstanceOf(NotFound);
      expect(difference(codec, value, { error }).operations).toEqual([]);
    }
  });

  it("reads what it has stored, also under a name that the codec has now", () => {
    const codec = new Codec({ types: [link] });
    const text = '{"$type":"URL","value":{"host":"a.example"}}';
    expect(codec.decode(text)).toEqual(new URL("http://a.example/"));
    expect(codec.encode(new URL("http://a.example/"))).toBe(text);
    expect(() => new Codec().decode(text)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
  });

  it("of the codec's name is the only one for it: what it does not take is refused", () => {
    expect(() => new Codec({ types: [link] }).encode([new URL("ftp://a/")])).toThrow(
      expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE", details: { path: [0] } }),
    );
  });

  it("makes its instances for copies, too, and what they hold is not looked at", () => {
    const notFound = (message: string) => Object.assign(new Error(message), { [Symbol("request")]: new NotFound() });
    for (const [decode, errorClass] of [
      [errors.decode, NotFound],
      [notFound, Error],
    ] as const) {
      const codec = new Codec({
        types: [
          { ...errors, name: "Other", test: () => false },
          { ...errors, decode },
        ],
      });
      const value = codec.decode(codec.encode({ error: new Error("a") })) as { error: Error };
      const copies = [new ContextValues(codec).handOut(value, "copy"), copyData(codec, { error: new Error("a") })];
      for (const { error } of copies) {
        expect(error).toBeInstanceOf(errorClass);
        expect(error.message).toBe("a");
        expect(error).not.toBe(value.error);
      }
    }
  });
});
