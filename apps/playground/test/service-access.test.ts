import { createServer, type IncomingHttpHeaders, request as sendRaw } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startEnvironment } from "../src/cli/environment.ts";
import { type ServiceServer, startServiceServer } from "../src/server/service-server.ts";
import { startMessagesApi } from "./messages-api.ts";

const KEY = "sk-a-key-of-the-user";
const JSON_TYPE = { "content-type": "application/json" };
const question = JSON.stringify({ messages: [{ role: "user", content: "Anyone there?" }] });

/** Sends a request with any headers, also those that `fetch` refuses. */
function send(
  url: string,
  headers: Record<string, string>,
  method = "POST",
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = sendRaw(url, { method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on("error", reject);
    request.end(method === "POST" ? question : undefined);
  });
}

describe("the services, with a real model behind them", () => {
  let api: Awaited<ReturnType<typeof startMessagesApi>>;
  let services: ServiceServer;
  beforeAll(async () => {
    api = await startMessagesApi({ status: 200, answer: () => "Yes." });
    services = await startServiceServer({ llm: { baseUrl: api.url, apiKey: KEY } });
  });
  afterAll(async () => {
    await services.close();
    await api[Symbol.asyncDispose]();
  });
  beforeEach(() => services.reset());
  const model = () => `${services.url}/v1/messages`;

  it("forward a question of a node with the key", async () => {
    expect((await send(model(), JSON_TYPE)).status).toBe(200);
    expect(api.requests).toHaveLength(1);
    expect(api.requests[0]?.headers["x-api-key"]).toBe(KEY);
  });

  it.each([
    ["a foreign Host", { ...JSON_TYPE, host: "evil.example" }],
    ["a Host that only begins as the server's own", { ...JSON_TYPE, host: "127.0.0.1.evil.example" }],
    ["the name of this machine as Host", { ...JSON_TYPE, host: "localhost" }],
    ["a foreign Origin", { ...JSON_TYPE, origin: "https://evil.example" }],
    ["an Origin of a sandboxed page", { ...JSON_TYPE, origin: "null" }],
    ["text", { "content-type": "text/plain" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["a type that only mentions JSON", { "content-type": "text/plain; a=application/json" }],
    ["no content type", {}],
  ])("refuse a question with %s, and do not forward it", async (_, headers: Record<string, string>) => {
    const asked = api.requests.length;
    expect((await send(model(), headers)).status).toBe(403);
    expect(api.requests).toHaveLength(asked);
    expect(services.ledger.entries).toEqual([]);
  });

  it.each([
    ["no token", ""],
    ["another token", "/00000000000000000000000000000000"],
    ["a part of the token", "half"],
  ])("forward nothing for an address with %s", async (_, path) => {
    const asked = api.requests.length;
    const { origin, pathname } = new URL(services.url);
    await send(`${origin}${path === "half" ? pathname.slice(0, -1) : path}/v1/messages`, JSON_TYPE);
    expect(api.requests).toHaveLength(asked);
  });

  it.each(["POST", "GET"])("refuse a %s with a foreign Host or Origin on every path", async (method) => {
    for (const foreign of [{ host: "evil.example" }, { origin: "https://evil.example" }]) {
      expect((await send(`${services.url}/shop/orders/1`, foreign, method)).status).toBe(403);
    }
    expect(services.ledger.entries).toEqual([]);
  });

  it("have another token each time they start", async () => {
    await using others = await startServiceServer();
    expect(new URL(others.url).pathname).not.toBe(new URL(services.url).pathname);
    expect(new URL(others.url).pathname).toMatch(/^\/[\da-f]{32}$/);
  });

  it("survive a request target that is not a path", async () => {
    const { port } = new URL(services.url);
    const status = await new Promise((resolve) => {
      sendRaw({ host: "127.0.0.1", port, path: "//" }, (response) => resolve(response.statusCode)).end();
    });
    expect(status).toBe(403);
    expect((await fetch(`${services.url}/rates/EUR`)).status).toBe(200);
  });
});

describe("the services, with an API that", () => {
  /** Two servers: the API, and the one that it redirects to. */
  async function startApi(
    answer: (elsewhere: string) => { status: number; headers: Record<string, string>; body: string },
  ) {
    const seen: IncomingHttpHeaders[] = [];
    const listen = async (server: ReturnType<typeof createServer>) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const other = createServer((request, response) => {
      seen.push(request.headers);
      response.end("{}");
    });
    const elsewhere = await listen(other);
    const api = createServer((_, response) => {
      const { status, headers, body } = answer(elsewhere);
      response.writeHead(status, headers).end(body);
    });
    const url = await listen(api);
    return {
      url,
      seen,
      [Symbol.asyncDispose]: async () => {
        for (const server of [api, other]) {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        }
      },
    };
  }

  it.each([301, 302, 303, 307, 308])("redirects (%i) send no second request", async (status) => {
    await using api = await startApi((elsewhere) => ({
      status,
      headers: { location: `${elsewhere}/v1/messages` },
      body: "",
    }));
    await using services = await startServiceServer({ llm: { baseUrl: api.url, apiKey: KEY } });
    const said = await send(`${services.url}/v1/messages`, JSON_TYPE);
    expect(said.status).toBe(502);
    expect(said.body).not.toContain(KEY);
    expect(api.seen).toEqual([]);
  });

  it("answers with other text report this, and quote nothing", async () => {
    await using api = await startApi(() => ({ status: 200, headers: {}, body: "<html>a secret page" }));
    await using services = await startServiceServer({ llm: { baseUrl: api.url, apiKey: KEY } });
    const said = await send(`${services.url}/v1/messages`, JSON_TYPE);
    expect(said).toMatchObject({ status: 502, body: expect.stringContaining("is not JSON") });
    expect(said.body).not.toContain("secret page");
  });

  it.each(["a\nb-secret", "ключ-secret"])("refuses the key never print it: %j", async (apiKey) => {
    await using services = await startServiceServer({ llm: { baseUrl: "http://127.0.0.1:1", apiKey } });
    const said = await send(`${services.url}/v1/messages`, JSON_TYPE);
    expect(said.status).toBe(502);
    expect(said.body).not.toContain("secret");
  });
});

describe("the environment", () => {
  it.each(["https://user:secret@api.example", "secret", "ftp://secret.example"])(
    "refuses %s as the API's address, without repeating it",
    async (address) => {
      const started = startEnvironment({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: address });
      await expect(started).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.not.stringContaining("secret"),
      });
    },
  );

  it("accepts a key that ends with a line break", async () => {
    await using api = await startMessagesApi({ status: 200, answer: () => "Yes." });
    const env = { ANTHROPIC_API_KEY: `${KEY}\n`, ANTHROPIC_BASE_URL: api.url };
    await using environment = await startEnvironment(env);
    expect((await send(`${environment.services.url}/v1/messages`, JSON_TYPE)).status).toBe(200);
    expect(api.requests[0]?.headers["x-api-key"]).toBe(KEY);
  });
});
