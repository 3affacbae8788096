import { inspect } from "node:util";
import { MongoNetworkError, MongoServerError, MongoServerSelectionError } from "mongodb";
import { expect, it } from "vitest";
import { isPassing, translateError } from "../src/translate-error.ts";

const fromServer = (code: number) => new MongoServerError({ errmsg: "told by the server", code, ok: 0 });

it.each([
  [13, "permission", false],
  [18, "authentication", false],
  [50, "timeout", false],
  [64, "write_concern", false],
  [86, "schema", false],
  [91, "not_primary", true],
  [112, "conflict", true],
  [189, "not_primary", true],
  [10107, "not_primary", true],
  [11000, "conflict", false],
  [14031, "disk_full", false],
  [99999, "server", false],
])("the server's code %i is %s", (mongoCode, reason, passing) => {
  const error = fromServer(mongoCode);
  expect(translateError(error)).toMatchObject({
    code: "STORE_UNAVAILABLE",
    cause: { name: "MongoServerError", message: "told by the server", code: mongoCode },
    details: { reason, mongoCode },
  });
  expect(isPassing(error)).toBe(passing);
});

it("a document that the server refuses as too large is PAYLOAD_TOO_LARGE", () => {
  expect(translateError(fromServer(17419))).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
});

it("a fault of the network has the reason connection; only a connection that broke is worth another send", () => {
  const cut = new MongoNetworkError("connection 1 to 127.0.0.1 closed");
  expect(translateError(cut)).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "connection" } });
  expect(isPassing(cut)).toBe(true);
  const gone = new MongoServerSelectionError("no server", { type: "Unknown" } as never);
  expect(translateError(gone)).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "connection" } });
  expect(isPassing(gone)).toBe(false);
});

it.each([
  ['not authorized on app to execute command { update: "x", updates: [ { u: { payload: "secret" } } ] }', "secret"],
  ['E11000 duplicate key error collection: app.x index: _id_ dup key: { _id: "secret" }', "secret"],
  ['Could not find user "secret" for db "admin"', "secret"],
  ["connect mongodb://user:secret@host failed", "secret"],
])("the parts of a server's message about documents and users are not repeated: %s", (errmsg, secret) => {
  const { message, cause } = translateError(new MongoServerError({ errmsg, code: 13, ok: 0, extra: { secret } }));
  for (const text of [message, inspect(cause, { showHidden: true, depth: 9 })]) expect(text).not.toContain(secret);
});
