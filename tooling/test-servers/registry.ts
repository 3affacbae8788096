/** A running server, of any kind in this folder. */
export interface TestServer {
  /** A readable name, such as "PostgreSQL 18.4 (embedded)". */
  readonly name: string;
  readonly url: string;
  /** Ends the server and removes its data. May be called more than once. */
  stop(): Promise<void>;
}

/** A server of the test's own, which the test may kill. */
export interface OwnTestServer extends TestServer {
  /** Kills the server with SIGKILL. Its data stays. */
  kill(): Promise<void>;
  /** Restarts the server on the same port and data. Kills it first if it is running. */
  restart(): Promise<void>;
}

const running = new Set<TestServer>();

/** Registers a server that was started, and prints its name. */
export function register<Server extends TestServer>(server: Server): Server {
  running.add(server);
  process.stderr.write(`[test server] ${server.name} on ${server.url.replace(/:[^:@/]*@/, ":***@")}\n`);
  return server;
}

export function unregister(server: TestServer): void {
  running.delete(server);
}

/**
 * Stops every server that this process started.
 *
 * - It is needed only to wait for their end: servers end with the process anyway (see guard.ts).
 */
export async function stopAllServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}
