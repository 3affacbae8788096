import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpRequest } from "../src/nodes/http-request.ts";
import { switchNode } from "../src/nodes/switch.ts";
import { runNode } from "./run-node.ts";

const MARK = "MARKER-7f3a";

/** Returns all text of an error, including its causes and hidden properties. */
const allOf = (error: unknown) => inspect(error, { depth: 10, showHidden: true, maxStringLength: null });

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://x");
  if (pathname.endsWith("/echo")) {
    const said = `no entry for ${request.headers.authorization} and ${request.headers["x-token"]}`;
    response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ message: said }));
  } else if (pathname.endsWith("/broken")) {
    response.writeHead(200, { "content-type": "application/json" }).end(`{ "token": "${MARK}" `);
  } else if (pathname.endsWith("/cut")) {
    response.destroy();
  } else if (pathname.endsWith("/moved")) {
    response.writeHead(307, { location: `${origin}/elsewhere` }).end();
  } else if (pathname.endsWith("/elsewhere")) {
    elsewhere += 1;
    response.end("{}");
  }
});
let origin = "";
let elsewhere = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const send = (data: Record<string, unknown>, context: Record<string, unknown> = {}) =>
  runNode(createHttpRequest({ baseUrl: origin }), { data, context });

async function failure(sent: Promise<unknown>): Promise<Error> {
  try {
    await sent;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}

describe("the error of a request contains no secret of", () => {
  const host = () => new URL(origin).host;
  it.each<[string, () => Record<string, unknown>]>([
    ["an address with a user and a password", () => ({ url: `http://${MARK}:${MARK}@${host()}/x` })],
    ["an address that is none", () => ({ url: `http://u:${MARK}@[` })],
    ["an address of another scheme", () => ({ url: `ftp://u:${MARK}@x/y` })],
    ["a path and a query, refused", () => ({ url: `/${MARK}/echo`, query: { key: MARK } })],
    ["a path, timed out", () => ({ url: `/${MARK}/never`, timeoutMs: 30 })],
    ["a path, cut off", () => ({ url: `/${MARK}/cut` })],
    ["a path, with nobody there", () => ({ url: `http://127.0.0.1:1/${MARK}` })],
    ["a header with a line break", () => ({ url: "/x", headers: { authorization: `Bearer ${MARK}\nx` } })],
    ["the name of a header", () => ({ url: "/x", headers: { [`${MARK} x`]: "1" } })],
    [
      "headers that the service repeats",
      () => ({ url: "/echo", headers: { authorization: `Bearer ${MARK}`, "x-token": MARK } }),
    ],
    ["the service's broken answer", () => ({ url: "/broken" })],
  ])("%s", async (_, data) => {
    const error = await failure(send(data()));
    expect(allOf(error)).not.toContain(MARK);
  });

  it("the context, in an address with its values", async () => {
    const error = await failure(send({ url: "{{address}}" }, { address: `nowhere://${MARK}` }));
    expect(allOf(error)).not.toContain(MARK);
    expect(error.message).toContain("{{address}}");
  });

  it("the context, in a switch without a case for it", async () => {
    const data = { value: "token", cases: [{ handle: "a", equals: 1 }] };
    const error = await failure(Promise.resolve(runNode(switchNode, { data, context: { token: MARK } })));
    expect(allOf(error)).not.toContain(MARK);
  });

  it("anything, but names the service and its answer", async () => {
    const error = await failure(send({ url: "/echo", headers: { authorization: `Bearer ${MARK}` } }));
    expect(error.message).toBe(`GET ${origin} answered 401: no entry for *** and undefined`);
  });
});

describe("a redirect", () => {
  it.each<[string, Record<string, unknown>]>([
    ["of a request with headers of its own", { headers: { "x-api-key": MARK } }],
    ["of one that changes something", { method: "POST", body: { a: 1 } }],
  ])("%s is not followed", async (_, more) => {
    const before = elsewhere;
    const error = await failure(send({ url: "/moved", ...more }));
    expect(error.message).toContain("answered 307");
    expect(elsewhere).toBe(before);
  });

  it("of any other request is followed", async () => {
    const before = elsewhere;
    await send({ url: "/moved" });
    expect(elsewhere).toBe(before + 1);
  });
});
