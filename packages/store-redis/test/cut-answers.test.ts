import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const server = await startOwnRedis();
afterAll(() => server.stop());

it("a listing that is cut off anywhere in its answers is read again", async () => {
  const proxy = await startCutter(Number(new URL(server.url).port));
  await using store = await RedisCheckpointStore.connect({ url: proxy.url, timeoutMs: 60_000 });
  const ids = Array.from({ length: 40 }, (_, number) => `e${String(number).padStart(2, "0")}`);
  for (const id of ids) await store.createExecution(newExecution(id));
  const list = async () => (await store.listExecutions()).items.map(({ id }) => id).sort();
  expect(await list()).toEqual(ids);
  const begin = proxy.received();
  await list();
  const size = proxy.received() - begin;
  // The entries of the index, then forty heads: each cut leaves some of them whole.
  expect(size).toBeGreaterThan(10_000);
  for (let part = 1; part < 20; part++) {
    const cuts = proxy.cuts();
    proxy.cutAfter(Math.floor((size * part) / 20));
    expect(await list()).toEqual(ids);
    expect(proxy.cuts()).toBe(cuts + 1);
  }
  await proxy.close();
});

/** A network that fails after it has passed on a number of bytes of the server's answers. */
async function startCutter(port: number) {
  let received = 0;
  let cutAt = Number.POSITIVE_INFINITY;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        (socket === client ? upstream : client).destroy();
      });
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      const rest = cutAt - received;
      received += data.length;
      if (data.length < rest) {
        client.write(data);
        return;
      }
      cutAt = Number.POSITIVE_INFINITY;
      cuts += 1;
      upstream.destroy();
      client.end(data.subarray(0, rest));
    });
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    url: `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    received: () => received,
    cuts: () => cuts,
    cutAfter: (bytes: number) => {
      cutAt = received + bytes;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}
