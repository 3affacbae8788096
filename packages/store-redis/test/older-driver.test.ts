import { Redis } from "ioredis";
import { expect, it } from "vitest";

it('the tests of the projects "older" and "last" run on ioredis 5', async () => {
  expect(Redis).toBe((await import(process.env.OLDER_IOREDIS ?? "")).Redis);
});
