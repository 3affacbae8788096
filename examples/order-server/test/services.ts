import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** A request that the services have received. */
export interface Received {
  path: string;
  key: string;
  body: Record<string, unknown>;
  /** Answers a request to a path that is held. */
  answer: () => void;
  /** Resolves once the sender has given up. */
  closed: Promise<unknown>;
}

/** Starts the services that orders need. They answer at once, but for the paths in `held`. */
export async function startServices() {
  const held = new Set<string>();
  const received: Received[] = [];
  const arrivals = new Map<string, PromiseWithResolvers<Received>>();
  const arrival = (path: string) => {
    const known = arrivals.get(path) ?? Promise.withResolvers<Received>();
    arrivals.set(path, known);
    return known;
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    const answer = () => reply(response, { id: `${path.slice(1)}-${received.length}` });
    const entry = {
      path,
      key: String(request.headers["idempotency-key"]),
      body: (await json(request)) as Record<string, unknown>,
      answer,
      closed: once(response, "close"),
    };
    received.push(entry);
    if (!held.has(path)) answer();
    arrival(path).resolve(entry);
    arrivals.delete(path);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    held,
    /** Resolves with the next request to a path. */
    next: (path: string) => arrival(path).promise,
    keys: (path: string) => received.filter((entry) => entry.path === path).map(({ key }) => key),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
