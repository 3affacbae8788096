import { describe, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const Loose = MongoCheckpointStore as unknown as {
  new (...given: unknown[]): unknown;
  connect(...given: unknown[]): Promise<unknown>;
  from(...given: unknown[]): unknown;
};

/** An error that a reader can act on, without the secret of the address. */
const refusal = (words: string) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message: expect.toSatisfy((message: string) => message.includes(words) && !message.includes("hunter2")),
  });

describe("the message of a wrong first call names the mistake and the cure", () => {
  it.each([
    [undefined, "MongoCheckpointStore.connect takes an object of options, such as { url: … }, but was given nothing"],
    [
      "://me:hunter2@localhost",
      "MongoCheckpointStore.connect takes an object of options, such as { url: … }, not a string",
    ],
    [{ dbName: "app" }, 'did you mean "database"?'],
    [{ connectionString: "mongodb://localhost" }, 'did you mean "url"?'],
  ])("connect(%j)", async (options, words) => {
    await expect(Loose.connect(options)).rejects.toEqual(refusal(words));
  });

  it("from() of an address", () => {
    expect(() => Loose.from("://me:hunter2@localhost")).toThrow(
      refusal("for an address, write await MongoCheckpointStore.connect({ url: … })"),
    );
  });

  it.each([[[]], [[{ url: "://me:hunter2@localhost" }]], [["://me:hunter2@localhost"]]])("new with %j", (given) => {
    expect(() => new Loose(...given)).toThrow(refusal("write await MongoCheckpointStore.connect({ … })"));
  });
});
