import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * The ports to choose from. The system takes the ports of outgoing connections from 32,768 up (Linux) or 49,152 up, so
 * none of these is taken between the look and the start of the server. A node of a Redis cluster also listens 10,000
 * above its port.
 */
const FIRST = 10_000;
const END = 20_000;
const MAX_TRIES = 100;

/** The ports that this process has been given. */
const given = new Set<number>();

/** Returns a TCP port of this machine on which nothing listens. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = randomInt(FIRST, END);
    if (given.has(port) || !(await isFree(port)) || !(await isFree(port + END - FIRST))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`No port from ${FIRST} to ${END - 1} is free.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
