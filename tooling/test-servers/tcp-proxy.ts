import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A network between a client and a server that can be made to fail. */
export interface TcpProxy {
  readonly port: number;
  /** The address of the server with this proxy in its place. */
  urlFor(url: string): string;
  /** Closes every connection, with a reset. New ones work. */
  cut(): void;
  /** From now on nothing gets through either way, on old and new connections, and nobody is told. */
  stall(): void;
  /** What the client sends arrives, but the next answer does not: the connection is cut in its place. */
  dropNextAnswer(): void;
  /** What is sent on the connections that are open now arrives, but no answer does, and nobody is told. */
  muteServer(): void;
  /** Ends {@link stall}; connections that were stalled stay so. */
  resume(): void;
  /** New connections go to another server; those that are open stay where they are. */
  pointAt(target: TcpTarget): void;
  /** How many connections there are. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A server's address. */
export interface TcpTarget {
  host: string;
  port: number;
}

/** Starts a proxy on a free port of this machine. */
export async function startTcpProxy(first: TcpTarget): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let target = first;
  let isStalled = false;
  let dropsNext = false;
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    const pair: Pair = { client, upstream, isStalled, isMuted: false };
    pairs.add(pair);
    client.on("data", (data) => pair.isStalled || upstream.write(data));
    upstream.on("data", (data) => {
      if (pair.isStalled || pair.isMuted) return;
      if (dropsNext) {
        dropsNext = false;
        reset(pair);
      } else client.write(data);
    });
    for (const socket of [client, upstream]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        // The end of a connection does not get through a network that is down either.
        if (!pair.isStalled) reset(pair);
        if (client.destroyed && upstream.destroyed) pairs.delete(pair);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    urlFor: (url) => Object.assign(new URL(url), { hostname: "127.0.0.1", port: String(port) }).href,
    cut: () => pairs.forEach(reset),
    stall: () => {
      isStalled = true;
      for (const pair of pairs) pair.isStalled = true;
    },
    dropNextAnswer: () => {
      dropsNext = true;
    },
    muteServer: () => {
      for (const pair of pairs) pair.isMuted = true;
    },
    resume: () => {
      isStalled = false;
    },
    pointAt: (other) => {
      target = other;
    },
    get connections() {
      return pairs.size;
    },
    close: async () => {
      pairs.forEach(reset);
      server.close();
      await once(server, "close");
    },
  };
}

interface Pair {
  client: Socket;
  upstream: Socket;
  isStalled: boolean;
  isMuted: boolean;
}

function reset({ client, upstream }: Pair): void {
  client.resetAndDestroy();
  upstream.destroy();
}
