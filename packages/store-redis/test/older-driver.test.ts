import { Redis } from "ioredis";
import { Redis as Older } from "ioredis-5";
import { expect, it } from "vitest";

it('the tests of the project "older" run on ioredis 5', () => {
  expect(Redis).toBe(Older);
});
