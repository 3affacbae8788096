import { describe, expect, it } from "vitest";
import { type AfterFailure, afterFailure, type FailedTry } from "../src/server/retry-rules.ts";

const reported = (code: string, message = "x") => Object.assign(new Error(message), { code, severity: "ERROR" });
const lost = () => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const failed = (fault: unknown, change: Partial<FailedTry> = {}): FailedTry => ({
  ...{ fault, tries: 1, conflicts: 0, isPrepared: true, isFresh: false, isLate: false, ...change },
});

describe("after a statement has failed", () => {
  it.each<[string, FailedTry, AfterFailure]>([
    ["an error of the server's", failed(reported("23505")), { closesConnection: false, next: "fail" }],
    ["a lost connection", failed(lost()), { closesConnection: true, next: "again" }],
    ["a new connection that is lost", failed(lost(), { isFresh: true }), { closesConnection: true, next: "fail" }],
    ["a server that shuts down", failed(reported("57P01")), { closesConnection: true, next: "again" }],
    ["a server that accepts no writes", failed(reported("25006")), { closesConnection: true, next: "again" }],
    ["a lost statement", failed(reported("26000")), { closesConnection: false, next: "unprepared" }],
    [
      "a lost statement that was not prepared",
      failed(reported("26000"), { isPrepared: false }),
      { closesConnection: false, next: "fail" },
    ],
    [
      "a plan for a table that has changed",
      failed(reported("0A000", "cached plan must not change result type")),
      { closesConnection: true, next: "again" },
    ],
    ["a deadlock", failed(reported("40P01")), { closesConnection: false, next: "later" }],
    ["the tenth deadlock", failed(reported("40P01"), { conflicts: 9 }), { closesConnection: false, next: "later" }],
    ["one more", failed(reported("40P01"), { conflicts: 10 }), { closesConnection: false, next: "fail" }],
    ["no answer in time", failed(new Error("Query read timeout")), { closesConnection: true, next: "fail" }],
    ["a lost connection, too late", failed(lost(), { isLate: true }), { closesConnection: true, next: "fail" }],
    ["a hundred lost connections", failed(lost(), { tries: 100 }), { closesConnection: true, next: "fail" }],
  ])("%s has the right consequence", (_what, one, expected) => {
    expect(afterFailure(one)).toEqual(expected);
  });
});
