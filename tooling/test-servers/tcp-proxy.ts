import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A network between a client and a server that a test can interrupt. */
export interface TcpProxy {
  readonly port: number;
  /** The address of the server with the proxy's host and port. */
  urlFor(url: string): string;
  /** Resets every connection. New connections work. */
  cut(): void;
  /** Lets nothing through in either direction, on old and new connections, without any error. */
  stall(): void;
  /** Forwards what clients send, but closes the connection instead of forwarding the next answer. */
  dropNextAnswer(): void;
  /** Forwards what clients send on the connections that are open now, but silently drops all answers. */
  muteServer(): void;
  /** Ends {@link stall}; connections that were stalled stay so. */
  resume(): void;
  /** Sends new connections to another server. Open connections stay. */
  pointAt(target: TcpTarget): void;
  /** The number of open connections. */
  readonly connections: number;
  close(): Promise<void>;
}

/** The address of a server. */
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
        // A network that is down does not forward the end of a connection either.
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
