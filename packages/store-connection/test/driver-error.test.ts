import { inspect } from "node:util";
import { expect, it } from "vitest";
import { causeWith, codeOf, isSocketCode, isTlsCode, unavailableBy, wordsOf } from "../src/index.ts";

class DriverError extends Error {
  override readonly name = "DriverError";
  readonly code = "ECONNRESET";
  readonly command = ["SET", "secret"];
}

it("the cause keeps name, code and calls, and nothing that the driver has put on its error", () => {
  const cause = causeWith("told in other words", new DriverError("SET secret\n    failed"));
  expect(cause).toMatchObject({ name: "DriverError", code: "ECONNRESET", message: "told in other words" });
  expect(cause.stack).toMatch(/^DriverError: told in other words\n\s+at /);
  expect(inspect(cause, { showHidden: true, depth: 9 })).not.toContain("secret");
});

it("words of a driver are cut to 1,000 characters and lose user and password of an address", () => {
  expect(causeWith(`connect redis://user:secret@host ${"x".repeat(5_000)}`, new Error()).message).toMatch(
    /^connect redis:\/\/\*{3}@host x{900,}…$/,
  );
});

it.each([
  undefined,
  null,
  5,
  "text",
  {
    get message() {
      throw new Error("hostile");
    },
  },
])("a thrown value that is no error becomes a cause (%#)", (thrown) => {
  expect(causeWith(wordsOf({}), thrown)).toBeInstanceOf(Error);
  expect(codeOf(thrown)).toBe("");
});

it("the words of several errors, one for each address of a host, are those of the first", () => {
  expect(wordsOf(new AggregateError([new Error("connect ECONNREFUSED ::1"), new Error("other")]))).toBe(
    "connect ECONNREFUSED ::1",
  );
});

it("a fault is STORE_UNAVAILABLE with its reason, its advice and the words of the cause", () => {
  const cause = new Error("no route");
  expect(
    unavailableBy({ reason: "connection", advice: "It cannot be reached." }, cause, { serverCode: "X" }),
  ).toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: "It cannot be reached. (no route)",
    cause,
    details: { reason: "connection", serverCode: "X" },
  });
});

it("codes of sockets and codes of TLS are distinguished", () => {
  const codes = [
    "ECONNREFUSED",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CERT_HAS_EXPIRED",
    "42P01",
    "",
  ];
  expect(codes.map((code) => [isSocketCode(code), isTlsCode(code)])).toEqual([
    ...[
      [true, false],
      [true, false],
      [true, false],
      [false, true],
      [false, true],
      [false, false],
      [false, false],
    ],
  ]);
});
