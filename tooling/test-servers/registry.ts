/** What every server of this folder can do. */
export interface TestServer {
  /** What runs, for people: "PostgreSQL 18.4 (embedded)". */
  readonly name: string;
  readonly url: string;
  /** Ends it and removes its data. May be called more than once. */
  stop(): Promise<void>;
}

/** A server that the tests may treat roughly, because it is theirs. */
export interface OwnTestServer extends TestServer {
  /** Kills it with SIGKILL, keeping its data. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; kills it before if it runs. */
  restart(): Promise<void>;
}

const running = new Set<TestServer>();

/** Notes a server that was started, and prints what it is. */
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
 * - Only for those who want to wait for it: servers end with the process anyway (see guard.ts).
 */
export async function stopAllServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}
