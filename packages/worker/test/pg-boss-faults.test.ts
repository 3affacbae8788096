import { startPostgres, startTcpProxy } from "tooling/test-servers";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { collect, holdDelivery } from "./serve.ts";
import { until } from "./until.ts";

const server = await startPostgres();
afterAll(() => server.stop());

let places = 0;

/** A dispatcher behind a network that the test can interrupt. */
async function behindProxy() {
  const { hostname, port } = new URL(server.url);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  const url = proxy.urlFor(server.url);
  const dispatcher = pgBossDispatcher({ url, schema: `faults_${++places}`, onError: () => undefined });
  await dispatcher.setup();
  return { proxy, dispatcher };
}

it("a worker stops and its dispatcher closes while PostgreSQL does not answer", async () => {
  const { proxy, dispatcher } = await behindProxy();
  const { held, stop } = await holdDelivery(dispatcher);
  proxy.stall();
  await stop();
  await dispatcher.close();
  expect(held).toEqual(["e1"]);
});

it("jobs are added and delivered again after connections have broken silently", async () => {
  const { proxy, dispatcher } = await behindProxy();
  onTestFinished(() => dispatcher.close());
  const delivered = collect(dispatcher);
  await dispatcher.enqueue("before", {});
  await until(() => delivered.includes("before"));
  proxy.muteServer();
  // Those under way on the broken connections fail, and may have been added.
  const added = (id: string) =>
    dispatcher.enqueue(id, {}).then(
      () => true,
      () => false,
    );
  await until(() => added("after"));
  await until(() => delivered.includes("after"));
});
