import { Redis } from "ioredis";
import { startOwnRedis } from "tooling/test-servers";
import { expect, it } from "vitest";
import { isOlder, versionIn } from "../src/server-version.ts";

it("the version of the server of the tests is read, and is not too old", async () => {
  const server = await startOwnRedis();
  const client = new Redis(server.url);
  const version = versionIn(await client.info("server")) ?? "";
  client.disconnect();
  await server.stop();
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(isOlder(version, "6.2")).toBe(false);
});

// What INFO said on these; tooling/trials/redis-versions.ts opens the store on the real ones.
it.for([
  ["redis_version:6.0.16", "6.0.16", true],
  ["redis_version:7.0.15", "7.0.15", false],
  ["redis_version:8.0.2", "8.0.2", false],
  ["redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1", "7.2.4", false],
  ["redis_version:10.1.0", "10.1.0", false],
] as const)("%s", ([line, version, isTooOld]) => {
  const found = versionIn(`# Server\r\n${line}\r\nredis_mode:standalone\r\n`) ?? "";
  expect(found).toBe(version);
  expect(isOlder(found, "6.2")).toBe(isTooOld);
});
