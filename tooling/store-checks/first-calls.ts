import { describe, expect, it } from "vitest";

/** A class of a store, as a program without types sees it. */
interface LooseStore {
  new (...given: unknown[]): unknown;
  readonly name: string;
  connect(...given: unknown[]): Promise<unknown>;
  from(...given: unknown[]): unknown;
}

const SECRET = "hunter2";
const ADDRESS = `://me:${SECRET}@localhost`;

/** An error that a reader can act on, without the secret of the address. */
const refusal = (words: string) =>
  expect.objectContaining({
    code: "INVALID_ARGUMENT",
    message: expect.toSatisfy((message: string) => message.includes(words) && !message.includes(SECRET)),
  });

/**
 * Checks that the messages of wrong first calls of a store on a server name the mistake and the cure.
 *
 * - `misspelt`: options that the store does not have, each with words of the message.
 */
export function itNamesWrongFirstCalls(store: unknown, misspelt: readonly [options: object, words: string][]): void {
  const Loose = store as LooseStore;
  const takes = `${Loose.name}.connect takes an object of options, such as { url: … }, `;

  describe("the message of a wrong first call names the mistake and the cure", () => {
    it.each<[unknown, string]>([
      [undefined, `${takes}but was given nothing`],
      [ADDRESS, `${takes}not a string`],
      [{ url: undefined }, "is missing"],
      [{ url: new URL(`redis${ADDRESS}`) }, 'url must be a string, not an instance of "URL": write url.href'],
      [{ url: 5432 }, "url must be a string, not a number"],
      ...misspelt,
    ])("connect(%j)", async (options, words) => {
      await expect(Loose.connect(options)).rejects.toEqual(refusal(words));
    });

    it("from() of an address", () => {
      expect(() => Loose.from(ADDRESS)).toThrow(
        refusal(`for an address, write await ${Loose.name}.connect({ url: … })`),
      );
    });

    it("from() of a client that was not awaited", () => {
      expect(() => Loose.from(Promise.resolve({}))).toThrow(refusal("not a Promise: await it"));
    });

    it.each([[[]], [[{ url: ADDRESS }]], [[ADDRESS]]])("new with %j", (given) => {
      expect(() => new Loose(...given)).toThrow(refusal(`write await ${Loose.name}.connect({ … })`));
    });
  });
}
