import { expect, it } from "vitest";
import { checkFlag, checkMadeHere, checkOptions, checkPositive, checkTimeout, withoutUndefined } from "../src/index.ts";

const refused = (argument: string) => expect.objectContaining({ code: "INVALID_ARGUMENT", details: { argument } });

it.each([undefined, null, "text", ["a"]])("options that are no object are refused: %j", (options) => {
  expect(() => checkOptions(options, { a: true }, "open")).toThrow(refused("options"));
});

it("an option with a name that is not known is refused even if it is undefined", () => {
  checkOptions({ a: 1 }, { a: true, b: true }, "open");
  expect(() => checkOptions({ c: undefined }, { a: true }, "open")).toThrow(refused("c"));
});

const known = { url: true, options: true, prefix: true } as const;

it.each([
  [undefined, "Store.connect takes an object of options, such as { url: … }, but was given nothing."],
  ["redis://me:secret@host", "Store.connect takes an object of options, such as { url: … }, not a string."],
  [["a"], "Store.connect takes an object of options, such as { url: … }, not a list."],
  [{ connectionString: "x" }, '"connectionString" is not a known option of Store.connect (did you mean "url"?).'],
  [{ user: "x" }, '"user" is not a known option of Store.connect (write options: { user: … }).'],
  [{ Url: "x" }, '"Url" is not a known field of the options of Store.connect (did you mean "url"?).'],
])("a message names the call, the mistake and the cure: %j", (options, message) => {
  expect(() => checkOptions(options, known, "Store.connect")).toThrow(expect.objectContaining({ message }));
});

it("a class without a public constructor refuses `new`, and names the ways to open it", () => {
  checkMadeHere(true, "Store");
  expect(() => checkMadeHere(false, "Store")).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: "Store is not made by `new`: write await Store.connect({ … }), or Store.from(client).",
    }),
  );
});

it("a whole number from 1 to the largest is taken, anything else refused", () => {
  for (const value of [undefined, 1, 9]) checkPositive(value, "size", 9);
  for (const value of [0, -1, 10, 1.5, "1", null, Number.NaN]) {
    expect(() => checkPositive(value, "size", 9)).toThrow(refused("size"));
  }
});

it("a timeout longer than the longest timer of Node is refused", () => {
  checkTimeout(2_147_483_647);
  expect(() => checkTimeout(2_147_483_648)).toThrow(refused("timeoutMs"));
});

it("a flag that is neither true nor false is refused", () => {
  for (const value of [undefined, true, false]) checkFlag(value, "on");
  for (const value of [null, 1, "true"]) expect(() => checkFlag(value, "on")).toThrow(refused("on"));
});

it("an option that is undefined is left out", () => {
  expect(Object.keys(withoutUndefined({ a: undefined, b: null, c: 0 }))).toEqual(["b", "c"]);
});
